package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/rl"
	"github.com/loci-lab/loci/backend/world"
	"github.com/loci-lab/loci/backend/world/maze"
)

// peer is the same work in PyTorch: a script under build/bench and the Python environment that build/bench/setup makes.
type peer struct {
	python, script string
}

// peerRun is what the script prints of one round.
type peerRun struct {
	ppoRun
	Torch   string  `json:"torch"`
	Threads int     `json:"threads"`
	Form    string  `json:"form"`         // in which a GRU runs over sequences with resets; the fastest was chosen
	SGEMM   float64 `json:"sgemm_gflops"` // its matrix product, all threads
}

func (r peerRun) describe() string {
	return fmt.Sprintf("peer: PyTorch %s on the CPU, eager, %d threads; resets inside sequences in its fastest form, %q", r.Torch, r.Threads, r.Form)
}

// findPeer returns the peer after it has shown that its world has our rules, or nil where there is none, and says so.
func findPeer(ctx context.Context, w *ppoWork, l *benchLab) (*peer, error) {
	p, why := lookForPeer(peerRoots(), "ppo_gru.py")
	if p == nil {
		l.say("ppo-gru: no comparison with PyTorch: %s\n   do: run build/bench/setup in the source folder of Loci", why)
		return nil, nil
	}
	trace, err := traceOf(w.world, 512)
	if err != nil {
		return nil, err
	}
	if _, err := p.call(ctx, trace, "--check"); err != nil {
		return nil, err
	}
	return p, nil
}

// peerRoots are the folders in which a source tree may begin: this one, that of the program, and those above them.
func peerRoots() (roots []string) {
	add := func(dir string, err error) {
		for ; err == nil; dir = filepath.Dir(dir) {
			roots = append(roots, dir)
			if dir == filepath.Dir(dir) {
				return
			}
		}
	}
	add(os.Getwd())
	self, err := os.Executable()
	add(filepath.Dir(self), err)
	return roots
}

// lookForPeer finds a script of that name and the Python environment that build/bench/setup makes.
func lookForPeer(roots []string, name string) (p *peer, why string) {
	return lookForPeerIn(roots, name, "bench-venv")
}

// lookForPeerIn finds a script of that name and the Python environment of that name in build/cache.
func lookForPeerIn(roots []string, name, venv string) (p *peer, why string) {
	exists := func(path string) bool { _, err := os.Stat(path); return err == nil }
	for _, root := range roots {
		script := filepath.Join(root, "build", "bench", name)
		if !exists(script) {
			continue
		}
		for _, python := range []string{"bin/python", "Scripts/python.exe"} {
			path := filepath.Join(root, "build", "cache", venv, filepath.FromSlash(python))
			if exists(path) {
				return &peer{path, script}, ""
			}
		}
		return nil, fmt.Sprintf("there is no Python environment under %q", filepath.Join(root, "build", "cache", venv))
	}
	return nil, fmt.Sprintf("build/bench/%s is neither above this folder nor above this program", name)
}

// run lets the peer do one round of the work.
func (p *peer) run(ctx context.Context, w *ppoWork, threads, seed int) (peerRun, error) {
	knobs, err := w.peerKnobs()
	if err != nil {
		return peerRun{}, err
	}
	out, err := p.call(ctx, nil, "--updates", strconv.Itoa(w.updates), "--threads", strconv.Itoa(threads), "--seed", strconv.Itoa(seed), "--knobs", knobs)
	if err != nil {
		return peerRun{}, err
	}
	r, err := parsePeer(out)
	if err == nil && (r.Threads != threads || r.Steps != w.updates*w.rl.Rollout*w.rl.Envs) {
		return r, lab.Errorf(lab.Internal, "the peer did %d steps on %d threads, want %d on %d", r.Steps, r.Threads, w.updates*w.rl.Rollout*w.rl.Envs, threads)
	}
	return r, err
}

// peerKnobs writes the knobs of both sides as the peer takes them.
func (w *ppoWork) peerKnobs() (string, error) {
	text, err := json.Marshal(struct {
		rl.PPOKnobs
		Width     int `json:"width"`
		Corridors int `json:"corridors"`
		Length    int `json:"length"`
	}{w.rl, ppoWidth, w.world.Corridors, w.world.Length})
	if err != nil {
		return "", lab.Errorf(lab.Internal, "knobs cannot be written: %w", err)
	}
	return string(text), nil
}

// parsePeer reads what the script printed.
func parsePeer(out []byte) (peerRun, error) {
	var r peerRun
	if err := json.Unmarshal(out, &r); err != nil {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, which is no result: %w", clip(string(out)), err)
	}
	if r.Steps <= 0 || r.Seconds <= 0 || r.Torch == "" || r.Threads <= 0 || len(r.Curve) == 0 || r.SGEMM <= 0 {
		return r, lab.Errorf(lab.Internal, "the peer printed %q, want steps, seconds, torch, threads, curve and sgemm_gflops", clip(string(out)))
	}
	return r, nil
}

// call runs the script and returns what it printed.
func (p *peer) call(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, p.python, append([]string{p.script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.Output()
	switch {
	case err == nil:
		return out, nil
	case ctx.Err() != nil:
		return nil, lab.Errorf(lab.Cancelled, "stopped while the peer ran: %w", ctx.Err())
	}
	said := ""
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		said = strings.TrimSpace(string(e.Stderr))
		said = said[strings.LastIndexByte(said, '\n')+1:] // the last line of a Python error names it
	}
	return nil, lab.Errorf(lab.Unavailable, "the peer %q failed: %w: %s", p.script, err, clip(said)).WithHint("run build/bench/setup, then try again")
}

// lacks tells whether the environment runs and lacks one of those modules.
func (p *peer) lacks(ctx context.Context, modules string) bool {
	alone := peer{python: p.python, script: "-c"}
	_, runs := alone.call(ctx, nil, "import numpy")
	_, has := alone.call(ctx, nil, "import "+modules)
	return runs == nil && has != nil
}

// clip shortens text that is quoted in an error.
func clip(s string) string {
	const most = 300
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// mazeTrace is a play of our world that the peer replays: the same actions and cues must give the same rewards, ends and observations.
type mazeTrace struct {
	Corridors int         `json:"corridors"`
	Length    int         `json:"length"`
	Alphabet  int         `json:"alphabet"`
	Delay     float64     `json:"delay"`
	Cue0      []int       `json:"cue0"`    // [B] before the first step
	Symbol0   []int       `json:"symbol0"` // [B] place of the 1 in the observation before it
	Action    [][]int32   `json:"action"`  // [T][B]
	Reward    [][]float32 `json:"reward"`  // [T][B]
	Done      [][]bool    `json:"done"`    // [T][B]
	Cue       [][]int     `json:"cue"`     // [T][B] after the step
	Symbol    [][]int     `json:"symbol"`  // [T][B] after the step
}

// traceOf plays that many steps in 64 environments: three of four by the oracle, so that episodes go all the way, the rest random.
func traceOf(k maze.EndlessKnobs, steps int) ([]byte, error) {
	m, err := maze.NewEndless(k, mazeBatch)
	if err != nil {
		return nil, err
	}
	oracle, err := m.Reference(world.Oracle, 0)
	if err != nil {
		return nil, err
	}
	random, width := world.Uniform(len(m.Spec().Actions), 2), m.Spec().Obs
	obs, reward, done := make([]float32, mazeBatch*width), make([]float32, mazeBatch), make([]bool, mazeBatch)
	best, other := make([]int32, mazeBatch), make([]int32, mazeBatch)
	m.Reset(1, obs)
	t := mazeTrace{Corridors: k.Corridors, Length: k.Length, Alphabet: k.Alphabet, Delay: k.Delay, Cue0: cuesOf(m), Symbol0: symbolsOf(obs, width)}
	for s := range steps {
		oracle.Act(obs, done, best)
		random.Act(obs, done, other)
		action := make([]int32, mazeBatch)
		for b := range action {
			action[b] = best[b]
			if (s+b)%4 == 0 && b < mazeBatch/2 { // the other half of the environments sees whole episodes
				action[b] = other[b]
			}
		}
		m.Step(action, obs, reward, done)
		t.Action, t.Reward, t.Done = append(t.Action, action), append(t.Reward, append([]float32(nil), reward...)), append(t.Done, append([]bool(nil), done...))
		t.Cue, t.Symbol = append(t.Cue, cuesOf(m)), append(t.Symbol, symbolsOf(obs, width))
	}
	text, err := json.Marshal(t)
	if err != nil {
		return nil, lab.Errorf(lab.Internal, "trace cannot be written: %w", err)
	}
	return text, nil
}

func cuesOf(m *maze.Endless) []int {
	cues := make([]int, m.Size())
	for b := range cues {
		cues[b] = m.Probe(b).Cue
	}
	return cues
}

func symbolsOf(obs []float32, width int) []int {
	symbols := make([]int, len(obs)/width)
	for b := range symbols {
		for i, v := range obs[b*width : (b+1)*width] {
			if v == 1 {
				symbols[b] = i
			}
		}
	}
	return symbols
}
