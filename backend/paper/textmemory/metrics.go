package textmemory

import (
	"fmt"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/grade"
)

// The metrics. Those of recall and of scores also stand with an underscore and a category of LoCoMo behind them.
const (
	MetricSuccess      = "success"
	MetricReturn       = "return"
	MetricReward       = "answer_reward"
	MetricMemory       = "memory_size"
	MetricMemoryTokens = "memory_tokens"
	MetricContext      = "context_size"
	MetricEntries      = "read_entries"
	MetricReadTokens   = "read_tokens"
	MetricSteps        = "steps"
	MetricRecall       = "recall"
	MetricMRR          = "mrr"
	MetricUnanswerable = "no_evidence"
	MetricExact        = "exact"
	MetricF1           = "f1"
	MetricBLEU1        = "bleu1"
	MetricPrompt       = "prompt_tokens"
	MetricReply        = "reply_tokens"
	MetricDollars      = "dollars"
)

// metrics describes them.
func metrics() []lab.MetricSpec {
	m := func(name, unit, better, doc string) lab.MetricSpec {
		return lab.MetricSpec{Name: name, Unit: unit, XUnit: "episodes", Better: better, Doc: doc}
	}
	all := []lab.MetricSpec{
		m(MetricSuccess, "share", "higher", "episodes since the last point that succeeded, by the world's own word"),
		m(MetricReturn, "return", "higher", "mean return of an episode since the last point"),
		m(MetricReward, "reward", "higher", "mean reward of a turn that wanted an answer, since the last point"),
		m(MetricMemory, "entries", "", "entries of all banks at the end of the last episode"),
		m(MetricMemoryTokens, "tokens", "", "tokens of all banks at the end of the last episode; a token is a word"),
		m(MetricContext, "tokens", "lower", "largest context of an episode, what was told and what was read, mean since the last point"),
		m(MetricEntries, "entries", "", "mean number of entries read before an answer, since the last point"),
		m(MetricReadTokens, "tokens", "lower", "mean number of tokens read before an answer, since the last point"),
		m(MetricSteps, "steps", "", "mean number of turns of an episode, since the last point"),
	}
	for _, of := range append([]string{""}, Categories()...) {
		suffix, which := "", "all questions with evidence"
		if of != "" {
			suffix, which = "_"+of, strings.ReplaceAll(of, "_", "-")+" questions with evidence"
		}
		for _, k := range depths() {
			all = append(all, m(recallAt(k)+suffix, "share", "higher", fmt.Sprintf("mean share of a question's evidence among the first %d entries recalled, over %s; agent retrieval", k, which)))
		}
		all = append(all, m(MetricMRR+suffix, "share", "higher", "mean of 1 over the rank of the first evidence recalled, 0 where none is, over "+which+"; agent retrieval"))
		which = strings.TrimSuffix(which, " with evidence")
		all = append(all,
			m(MetricExact+suffix, "share", "higher", "answers that match exactly, over "+which+" of real data"),
			m(MetricF1+suffix, "share", "higher", "mean F1 of the answers' stems, over "+which+" of real data"),
			m(MetricBLEU1+suffix, "share", "higher", "mean BLEU-1 of the answers, over "+which+" of real data"))
	}
	return append(all,
		m(MetricUnanswerable, "questions", "", "questions without evidence, which recall leaves out; agent retrieval"),
		m(MetricPrompt, "tokens", "lower", "mean number of tokens of a prompt, as the endpoint counts"),
		m(MetricReply, "tokens", "", "mean number of tokens of an answer, as the endpoint counts"),
		m(MetricDollars, "dollars", "lower", "what the answers cost, where prices are known"))
}

// Categories are those of LoCoMo's questions, as metrics are named by them.
func Categories() (names []string) {
	for _, c := range grade.Categories() {
		names = append(names, c.String())
	}
	return names
}
