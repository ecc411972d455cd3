package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/record"
	"github.com/loci-lab/loci/backend/run"
	"github.com/loci-lab/loci/backend/store"
)

// The sizes of interface.md that pages must bear.
const (
	uiPoints  = 1_000_000
	uiSpike   = 618_033 // place of the one point that no picture may lose
	uiSteps   = 100_000
	uiEntries = 100_000
	uiRuns    = 10_000
)

// Keys of the made-up runs.
const (
	uiSeriesKey  = "aa00000000000000000000aa"
	uiEpisodeKey = "bb00000000000000000000bb"
	uiBankKey    = "cc00000000000000000000cc"
)

// largeLibrary fills an empty data folder with one run of a million points, one of an episode of 100,000 steps, one of a bank of 100,000
// entries, and 10,000 small runs. Everything in it is made up; it measures pages and means nothing else.
func largeLibrary(ctx context.Context, home string) (err error) {
	if err := os.MkdirAll(home, 0o755); err != nil {
		return lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", home, err).WithHint("free space or choose another folder")
	}
	for key, fill := range map[string]func(*record.Writer) error{uiSeriesKey: uiSeries, uiEpisodeKey: uiEpisode, uiBankKey: uiBank} {
		if err := uiRecord(home, key, fill); err != nil {
			return err
		}
	}
	s, _, err := store.Open(ctx, home, store.Options{Records: filepath.Join(home, "runs")})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := s.Rebuild(ctx, filepath.Join(home, "runs")); err != nil {
		return err
	}
	for i := range uiRuns {
		r := uiRun(i)
		if err := s.CreateRun(ctx, &r); err != nil {
			return err
		}
	}
	return nil
}

// uiSetup is a set-up of that paper with a knob to filter by.
func uiSetup(paper string, lambda float64) lab.Setup {
	memory := fmt.Sprintf(`{"kind":"memrl","lambda":%g}`, lambda)
	return lab.Setup{Paper: paper, Budget: "laptop", Model: "tiny", Sections: map[string]json.RawMessage{
		"world": json.RawMessage(`{"kind":"house"}`), "memory": json.RawMessage(memory),
	}}
}

func uiRun(i int) store.Run {
	lambda := float64(i%11) / 10
	at := time.UnixMilli(1_700_000_000_000 + int64(i)*1000)
	return store.Run{
		Key: fmt.Sprintf("dd%022x", i), Paper: "memrl", Notebook: "experiments/memrl.md", Arm: fmt.Sprintf("lambda %.1f", lambda), Seed: uint64(100 + i/11%20),
		Budget: "laptop", Setup: uiSetup("memrl", lambda), Code: "made up", Kernel: "go", Machine: "made up", State: store.Done,
		Created: at, Started: at, Ended: at.Add(time.Second), Heard: at.Add(time.Second), Seconds: 1, Done: 10, Total: 10, Unit: "episodes",
		Final: map[string]lab.Float{"success": lab.Float(math.Mod(float64(i)*0.618, 1)), "memory_size": lab.Float(i % 400)},
	}
}

func uiRecord(home, key string, fill func(*record.Writer) error) (err error) {
	dir := filepath.Join(home, "runs", key[:2], key)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return lab.Errorf(lab.Unavailable, "folder %q cannot be made: %w", dir, err).WithHint("free space")
	}
	w, err := record.Create(filepath.Join(dir, run.RecordFile), record.Options{Delay: time.Minute})
	if err != nil {
		return err
	}
	start := lab.Start{Key: key, Setup: uiSetup("memrl", 0.5), Arm: "value", Seed: 1, Code: "made up", Kernel: "go", Machine: "made up", Notebook: "experiments/memrl.md"}
	err = w.Emit(start)
	if err == nil {
		err = fill(w)
	}
	if err == nil {
		err = w.Emit(lab.End{Status: lab.StatusDone, Final: map[string]lab.Float{"success": 0.5}})
	}
	return errors.Join(err, w.Close())
}

// uiSeries is a slow wave with a single spike.
func uiSeries(w *record.Writer) error {
	for i := range int64(uiPoints) {
		y := math.Sin(float64(i) / 40_000)
		if i == uiSpike {
			y = 50
		}
		if err := w.Emit(lab.Metric{Name: "success", X: i, Value: lab.Float(y)}); err != nil {
			return err
		}
	}
	return nil
}

// uiEpisode is one long episode: a context at every step, a read at every tenth, a rare reward.
func uiEpisode(w *record.Writer) error {
	for t := range uiSteps {
		reward := lab.Float(0)
		if t%997 == 996 {
			reward = 1
		}
		events := []lab.Event{
			lab.Context{Episode: 1, T: t, Limit: 384, Blocks: []lab.Block{{Name: "task", Text: "walk on", Count: 2}, {Name: "history", Text: fmt.Sprintf("step %d", t-1), Count: 2 + t%300}}},
			lab.Step{Episode: 1, T: t, Saw: fmt.Sprintf("room %d", t%89), Action: fmt.Sprintf("go %d", t%7), Reward: reward, Done: t == uiSteps-1},
		}
		if t%10 == 0 {
			events = append([]lab.Event{lab.Memory{Op: lab.OpRead, Bank: "bank", Episode: 1, T: t, Query: fmt.Sprintf("room %d", t%89), Reason: "made up"}}, events...)
		}
		for _, ev := range events {
			if err := w.Emit(ev); err != nil {
				return err
			}
		}
	}
	return w.Emit(lab.Episode{ID: 1, Split: "train", Steps: uiSteps, Return: uiSteps / 997, Success: true, Why: lab.EndTerminal, Detail: true, Memory: 0, Context: 302})
}

// uiBank writes 100,000 entries over 1,000 episodes; in each, ten older ones are read and one of them changes.
func uiBank(w *record.Writer) error {
	const each = 100
	entry := func(i int, q float64) *lab.Entry {
		return &lab.Entry{ID: fmt.Sprint(i), Type: []string{"schema", "literal", "truncated"}[i%3], Text: fmt.Sprintf("use red ; use kettle %d ; put cup %d in shelf", i%211, i), Tokens: 12, Numbers: map[string]lab.Float{"Q": lab.Float(q), "uses": lab.Float(i % 9)}}
	}
	tokens := 0
	for e := range uiEntries / each {
		for k := range each {
			i := e*each + k
			tokens += 12
			if err := w.Emit(lab.Memory{Op: lab.OpWrite, Bank: "bank", Episode: int64(e), T: k / 10, Entry: fmt.Sprint(i), After: entry(i, 0), Reason: "made up", Size: i + 1, Tokens: tokens}); err != nil {
				return err
			}
		}
		old := e * each / 2
		read := lab.Memory{Op: lab.OpRead, Bank: "bank", Episode: int64(e), T: 10, Query: fmt.Sprintf("put cup %d", old), Reason: "made up", Size: (e + 1) * each, Tokens: tokens,
			Hits: []lab.Hit{{Entry: fmt.Sprint(old), Rank: 1, Score: 0.9, Parts: map[string]lab.Float{"similarity": 0.9, "value": 0}, Used: true}}}
		change := lab.Memory{Op: lab.OpChange, Bank: "bank", Episode: int64(e), T: 11, Entry: fmt.Sprint(old), Before: entry(old, 0), After: entry(old, 0.3), Reason: "made up", Size: (e + 1) * each, Tokens: tokens}
		for _, ev := range []lab.Event{read, change, lab.Step{Episode: int64(e), Saw: "made up", Action: "made up", Done: true}, lab.Episode{ID: int64(e), Steps: 1, Detail: true, Success: e%2 == 0, Memory: lab.Float((e + 1) * each)}} {
			if err := w.Emit(ev); err != nil {
				return err
			}
		}
	}
	return nil
}
