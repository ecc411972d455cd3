package rl

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/llm"
	"github.com/loci-lab/loci/backend/rng"
	"github.com/loci-lab/loci/backend/world"
)

// digits is a tokenizer of numbers below ten, 9 ending a text.
type digits struct{}

func (digits) Encode(text string) (ids []int32, err error) {
	for _, w := range strings.Fields(text) {
		n, err := strconv.Atoi(w)
		if err != nil {
			return nil, err
		}
		ids = append(ids, int32(n))
	}
	return ids, nil
}

func (digits) Decode(ids []int32) (string, error) { return strings.Trim(fmt.Sprint(ids), "[]"), nil }
func (digits) Size() int                          { return 10 }
func (digits) End() int32                         { return 9 }

// dreamer writes random digits until 9, from the stream of its seed and prompt, and counts its calls.
type dreamer struct {
	calls, requests int
	err             error
}

func (d *dreamer) Context() int { return 40 }

func (d *dreamer) Sample(_ context.Context, requests []llm.Request) ([]llm.Reply, error) {
	d.calls++
	d.requests += len(requests)
	replies := make([]llm.Reply, len(requests))
	for i, r := range requests {
		for n := range r.N {
			s, q := rng.New(r.Seed+uint64(n), fmt.Sprint(r.Prompt)), llm.Sequence{Stop: llm.Length}
			for len(q.Tokens) < r.MaxTokens && q.Stop == llm.Length {
				q.Tokens = append(q.Tokens, int32(s.IntN(10)))
				q.Logprobs = append(q.Logprobs, -s.Float32())
				if q.Tokens[len(q.Tokens)-1] == r.Stop[0][0] {
					q.Stop = llm.Stopped
				}
			}
			replies[i].Sequences = append(replies[i].Sequences, q)
		}
	}
	return replies, d.err
}

// tool says its seed, then the number of digits of the last answer; it pays their number and ends after three turns or on an answer
// that begins with 5.
type tool struct {
	seed  uint64
	turns int
	last  int
}

func (d *tool) Read() string {
	if d.turns == 0 {
		return fmt.Sprint(d.seed%7, " ", d.seed%3)
	}
	return fmt.Sprint(d.last)
}

func (d *tool) Act(answer string) world.Outcome {
	d.turns++
	d.last = len(strings.Fields(answer))
	return world.Outcome{Reward: float64(d.last), Done: d.turns == 3 || strings.HasPrefix(answer, "5")}
}

func (d *tool) Info() world.Info { return world.Info{Seed: d.seed, Steps: d.turns} }
func (d *tool) Scene() lab.Scene { return lab.Scene{} }

func startTool(item uint64) (world.Dialogue, error) { return &tool{seed: item}, nil }

func rollout(s *dreamer) *TextRollout {
	return &TextRollout{Sampler: s, Tokenizer: digits{}, Sampling: llm.Sampling{MaxTokens: 5, Temperature: 1}, MaxTurns: 4}
}

func play(t *testing.T, r *TextRollout, items []uint64, n int) []Group {
	t.Helper()
	groups, err := r.Play(t.Context(), items, n, 11, startTool)
	if err != nil {
		t.Fatal(err)
	}
	return groups
}

func TestAttemptsArePlayedSideBySide(t *testing.T) {
	s := &dreamer{}
	groups := play(t, rollout(s), []uint64{1, 2, 3}, 4)
	if s.calls != 3 || len(groups) != 3 || len(groups[2].Trajectories) != 4 {
		t.Fatalf("%d calls, %d groups", s.calls, len(groups))
	}
	turns := 0
	for g, group := range groups {
		for _, tr := range group.Trajectories {
			reward := 0
			for i, seg := range tr.Segments {
				turns++
				reward += len(seg.Tokens)
				if seg.Stop == llm.Stopped {
					reward-- // the end is not part of the answer
				}
				if i > 0 { // Whole: all before, then what the tool said
					before := len(tr.Segments[i-1].Context) + len(tr.Segments[i-1].Tokens)
					if len(seg.Context) != before+1 {
						t.Errorf("context %v after %v", seg.Context, tr.Segments[i-1])
					}
				}
			}
			if tr.Reward != float64(reward) || tr.Why != lab.EndTerminal || tr.Err != nil || group.Item != uint64(g+1) {
				t.Errorf("reward %v, want %d; ended by %q, %v", tr.Reward, reward, tr.Why, tr.Err)
			}
			rows, err := Rows(&tr, 1)
			if err != nil || tr.Trained() > 0 && len(rows) != 1 {
				t.Errorf("%d rows, %v", len(rows), err)
			}
		}
	}
	if turns < 20 || s.requests >= turns {
		t.Errorf("%d turns in %d requests: attempts with one context share a request", turns, s.requests)
	}
}

func TestAnAttemptDoesNotDependOnWhatElseIsPlayed(t *testing.T) {
	all := play(t, rollout(&dreamer{}), []uint64{1, 2, 3}, 4)
	alone := play(t, rollout(&dreamer{}), []uint64{2}, 2)
	if !reflect.DeepEqual(all[1].Trajectories[:2], alone[0].Trajectories) {
		t.Error("attempts at item 2 differ when played alone")
	}
	if reflect.DeepEqual(all[1].Trajectories[0], all[1].Trajectories[1]) {
		t.Error("two attempts are the same")
	}
}

func TestAReaderMayEditTheContext(t *testing.T) {
	r := rollout(&dreamer{})
	r.Read = func(a *Attempt) ([]int32, error) { return append([]int32{8, int32(len(a.Turns))}, a.Now...), nil }
	r.End = func(a *Attempt, tr *Trajectory, info world.Info) {
		tr.Reward, tr.Terms = float64(info.Steps), []Term{{"turns", float64(len(a.Turns))}}
	}
	for _, tr := range play(t, r, []uint64{4, 5}, 3)[1].Trajectories {
		rows, err := Rows(&tr, 1)
		if err != nil || len(rows) != len(tr.Segments) || tr.Reward != float64(len(tr.Segments)) || tr.Terms[0].Value != tr.Reward {
			t.Errorf("%d rows of %d segments, reward %v, %v", len(rows), len(tr.Segments), tr.Reward, err)
		}
		for i, s := range tr.Segments {
			if s.Context[0] != 8 || s.Context[1] != int32(i) {
				t.Errorf("context %v of turn %d", s.Context, i)
			}
		}
	}
}

func TestWhatGoesWrongInOneAttemptStaysThere(t *testing.T) {
	lost := errors.New("lost")
	for name, change := range map[string]func(r *TextRollout){
		"reader": func(r *TextRollout) {
			r.Read = func(a *Attempt) ([]int32, error) {
				if a.Number == 1 {
					return nil, lost
				}
				return Whole(a)
			}
		},
		"answer": func(r *TextRollout) {
			r.Answer = func(a *Attempt, tokens []int32) (string, error) {
				if a.Number == 1 {
					return "", lost
				}
				return digits{}.Decode(tokens)
			}
		},
	} {
		r := rollout(&dreamer{})
		change(r)
		g := play(t, r, []uint64{1}, 3)[0].Trajectories
		if !errors.Is(g[1].Err, lost) || g[1].Why != lab.EndFailed || g[0].Err != nil || g[2].Err != nil {
			t.Errorf("%s: %v, %v, %v", name, g[0].Err, g[1].Err, g[2].Err)
		}
	}
	groups, err := rollout(&dreamer{}).Play(t.Context(), []uint64{1, 2}, 1, 0, func(item uint64) (world.Dialogue, error) {
		if item == 2 {
			return nil, lost
		}
		return startTool(item)
	})
	if err != nil || groups[0].Trajectories[0].Err != nil || !errors.Is(groups[1].Trajectories[0].Err, lost) {
		t.Errorf("start: %+v, %v", groups, err)
	}
	r := rollout(&dreamer{})
	r.Read = func(*Attempt) ([]int32, error) { return nil, nil }
	if g := play(t, r, []uint64{1}, 1)[0].Trajectories[0]; !errors.Is(g.Err, &lab.Error{Code: lab.Invalid}) {
		t.Errorf("no context: %v", g.Err)
	}
}

func TestAttemptsEndByTheHorizonOfTurnsOrOfTheContext(t *testing.T) {
	r := rollout(&dreamer{})
	r.MaxTurns = 1
	full := rollout(&dreamer{})
	full.Read = func(a *Attempt) ([]int32, error) { return make([]int32, 30+10*len(a.Turns)), nil }
	for _, r := range []*TextRollout{r, full} {
		ended := 0
		for _, tr := range play(t, r, []uint64{1, 2}, 4) {
			for _, tr := range tr.Trajectories {
				if len(tr.Segments) != 1 || tr.Err != nil {
					t.Errorf("%d segments, %v", len(tr.Segments), tr.Err)
				}
				if tr.Why == lab.EndHorizon {
					ended++
				}
			}
		}
		if ended < 4 {
			t.Errorf("%d attempts ended by the horizon", ended)
		}
	}
}

func TestErrorsOfTheSamplerAndOfTheContextEndAll(t *testing.T) {
	broken := errors.New("broken")
	if _, err := rollout(&dreamer{err: broken}).Play(t.Context(), []uint64{1}, 1, 0, startTool); !errors.Is(err, broken) {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := rollout(&dreamer{}).Play(cancelled, []uint64{1}, 1, 0, startTool); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := rollout(&dreamer{}).Play(t.Context(), []uint64{1}, 0, 0, startTool); !errors.Is(err, &lab.Error{Code: lab.Invalid}) {
		t.Error(err)
	}
}

// broken is a tool that breaks down in its second turn.
type broken struct{ tool }

func (d *broken) Err() error {
	if d.turns < 2 {
		return nil
	}
	return &lab.Error{Code: lab.Unavailable, Msg: "the tool died"}
}

func TestAWorldThatBreaksDownStopsEverything(t *testing.T) {
	_, err := rollout(&dreamer{}).Play(t.Context(), []uint64{1, 2}, 2, 0, func(item uint64) (world.Dialogue, error) {
		if item == 2 {
			return &broken{tool{seed: item}}, nil
		}
		return startTool(item)
	})
	if !errors.Is(err, &lab.Error{Code: lab.Unavailable}) {
		t.Errorf("the error is %v", err)
	}
}
