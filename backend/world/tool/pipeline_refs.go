package tool

import (
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/world"
)

// Speaker returns memory-free, which knows the stages of a topic and guesses the method, or full-memory, which remembers what succeeded in
// the episodes that it answered and never guesses what failed there. Both go the safe way.
func (p *pipeline) Speaker(name string, _, seed uint64) world.Speaker {
	if name == world.MemoryFree {
		return speaker(func(e *Episode) string {
			t, known := ParsePipeline(e.c.Users[0])
			if !known {
				return Done.String()
			}
			return next(&e.s, t.Plan(p.guess(world.Draw(seed, e.seed), nil)))
		})
	}
	return &pipelineKeeper{p: p, seed: seed}
}

// guess draws a method that is not known to be wrong.
func (p *pipeline) guess(draw uint64, wrong []int) int {
	var left []int
	for m := range p.knobs.Methods {
		if !slices.Contains(wrong, m) {
			left = append(left, m)
		}
	}
	if len(left) == 0 {
		return 0
	}
	return left[world.Pick(draw, len(left))]
}

// pipelineKeeper is the reference with full memory.
type pipelineKeeper struct {
	p     *pipeline
	seed  uint64
	right [PipelineTopics]int // method + 1, 0 for not known
	wrong [PipelineTopics][]int
	last  *Episode
	tried int
	topic int
}

// Answer takes in what the episode before came to, and goes the safe way with what is known.
func (k *pipelineKeeper) Answer(d world.Dialogue) string {
	e, ok := Of(d)
	if !ok {
		return ""
	}
	if e != k.last {
		k.takeIn()
		t, _ := ParsePipeline(e.c.Users[0])
		k.last, k.topic = e, max(t.Topic, 0)
		k.tried = k.p.guess(world.Draw(k.seed, e.seed), k.wrong[k.topic])
		if k.right[k.topic] > 0 {
			k.tried = k.right[k.topic] - 1
		}
	}
	t, known := ParsePipeline(e.c.Users[0])
	if !known {
		return Done.String()
	}
	return next(&e.s, t.Plan(k.tried))
}

func (k *pipelineKeeper) takeIn() {
	if k.last == nil || !k.last.Over() {
		return
	}
	if k.last.info.Success {
		k.right[k.topic] = k.tried + 1
		return
	}
	k.wrong[k.topic] = append(k.wrong[k.topic], k.tried)
}

// Reader returns the rule that acts on recalled lines: it does what the line that stands last among those of the topic did, shortcut or not,
// where that run succeeded or nothing says that it failed; else it goes the safe way and guesses a method that no line says to have failed.
// A task with a note has it read first.
func (p *pipeline) Reader(seed uint64) world.Reader { return &pipelineReader{p: p, seed: seed} }

type pipelineReader struct {
	p        *pipeline
	seed     uint64
	episodes uint64
	request  string
	noted    bool
	plan     []string
	made     int
}

// Begin tells it that an episode begins.
func (r *pipelineReader) Begin() {
	r.episodes++
	r.request, r.noted, r.plan, r.made = "", false, nil, 0
}

// Answer is what it does.
func (r *pipelineReader) Answer(told string, recalled []string) string {
	if r.request == "" {
		r.request = strings.TrimPrefix(told, "user ")
		if strings.HasSuffix(r.request, " note n1") {
			return Action{Verb: Read, Name: "n1"}.String()
		}
	}
	if r.plan == nil {
		t, known := ParsePipeline(r.request)
		if !known {
			return Done.String()
		}
		r.plan = r.p.follow(t, recalled, world.Draw(r.seed, r.episodes))
	}
	if r.made < len(r.plan) {
		r.made++
		return Call.String() + " " + r.plan[r.made-1]
	}
	return Done.String()
}

// follow is the plan by some lines, the best last.
func (p *pipeline) follow(t PipelineTask, recalled []string, draw uint64) []string {
	var wrong []int
	for _, line := range slices.Backward(recalled) {
		r, ok := ParsePipelineRecord(line)
		of, _ := ParsePipeline(r.Request)
		if !ok || of.Topic != t.Topic {
			continue
		}
		if strings.HasSuffix(line, "failed") {
			wrong = append(wrong, methodsOf(r, t)...)
			continue
		}
		plan := make([]string, len(r.Trace))
		for i, call := range r.Trace {
			plan[i] = PipelineCall(call, t.Table)
		}
		return plan
	}
	return t.Plan(p.guess(draw, wrong))
}

// methodsOf are the methods that a record used for the stage of a topic that wants one.
func methodsOf(r PipelineRecord, t PipelineTask) (all []int) {
	kind := topics()[t.Topic]
	stage := kind.method()
	for _, call := range r.Trace {
		if word, arg, _ := strings.Cut(call, " "); word == stageWords()[stage] {
			if m := slices.Index(methodWords(stage), arg); m >= 0 {
				all = append(all, m)
			}
		}
	}
	return all
}
