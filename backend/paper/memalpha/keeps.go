package memalpha

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world/chat"
)

// keeps says whether the executed writes of one response hold all facts of its chunk, wherever they went.
func keeps(calls []call, facts []chat.Fact) bool {
	var written []string
	for i := range calls {
		if calls[i].Fault == "" {
			written = append(written, " "+calls[i].Text+" ")
		}
	}
	for _, f := range facts {
		if !slices.ContainsFunc(written, func(text string) bool {
			return strings.Contains(text, " "+f.Persona+" ") && strings.Contains(text, " "+f.Values[0]+" ")
		}) {
			return false
		}
	}
	return true
}

// topical says whether a topic is among facts.
func topical(facts []chat.Fact) bool {
	return slices.ContainsFunc(facts, func(f chat.Fact) bool { return f.Attribute == "topic" })
}

// measures of an update.
func (f *found) measures() (list []measure) {
	for _, v := range []struct {
		name     string
		hits, of float64
	}{{MetricWhole, f.whole, f.told}, {MetricEpisodic, f.episodic, f.events}, {MetricFoundCore, f.core, f.topics}} {
		if v.of > 0 {
			list = append(list, measure{v.name, v.hits / v.of})
		}
	}
	return list
}
