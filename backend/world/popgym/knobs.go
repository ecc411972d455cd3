package popgym

import (
	"fmt"
	"slices"
	"strings"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/schema"
)

// Name is the world's name in a notebook.
const Name = "popgym"

// The tasks.
const (
	RepeatFirst    = "repeat-first"
	RepeatPrevious = "repeat-previous"
	Autoencode     = "autoencode"
	CountRecall    = "count-recall"
	Concentration  = "concentration"
	HigherLower    = "higher-lower"
	Battleship     = "battleship"
	Minesweeper    = "minesweeper"
	Bandit         = "multiarmed-bandit"
	Escape         = "labyrinth-escape"
	Explore        = "labyrinth-explore"

	PositionCartPole = "position-only-cartpole"
	NoisyCartPole    = "noisy-position-only-cartpole"
	VelocityCartPole = "velocity-only-cartpole"
	PositionPendulum = "position-only-pendulum"
	NoisyPendulum    = "noisy-position-only-pendulum"
)

// Difficulties.
const (
	Easy   = "easy"
	Medium = "medium"
	Hard   = "hard"
)

// Tasks lists the tasks in the order of docs/popgym.md.
func Tasks() []string {
	return []string{RepeatFirst, RepeatPrevious, Autoencode, CountRecall, Concentration, HigherLower,
		Battleship, Minesweeper, Bandit, Escape, Explore,
		PositionCartPole, NoisyCartPole, VelocityCartPole, PositionPendulum, NoisyPendulum}
}

// Difficulties lists the three.
func Difficulties() []string { return []string{Easy, Medium, Hard} }

// Knobs choose a task.
type Knobs struct {
	Task           string `json:"task" doc:"which of the benchmark's tasks" default:"repeat-previous" enum:"repeat-first,repeat-previous,autoencode,count-recall,concentration,higher-lower,battleship,minesweeper,multiarmed-bandit,labyrinth-escape,labyrinth-explore,position-only-cartpole,noisy-position-only-cartpole,velocity-only-cartpole,position-only-pendulum,noisy-position-only-pendulum" main:"true" group:"world"`
	Difficulty     string `json:"difficulty" doc:"the benchmark's own three sizes of a task" default:"easy" enum:"easy,medium,hard" main:"true" group:"world"`
	PreviousAction bool   `json:"previous_action" doc:"the observation also holds the action before and whether this is the first step, as the benchmark's own wrappers add them" default:"false" group:"world" pitfall:"some tasks cannot be told apart without it: an observation of battleship says hit or miss, not where"`
	Torques        int    `json:"torques" doc:"evenly spaced torques from -2 to 2 that stand for the continuous action of the pendulum tasks" default:"5" min:"2" max:"41" group:"world"`
}

// Validate checks what a single bound cannot say, and the bounds again, for callers that build knobs in Go.
func (k *Knobs) Validate() error {
	if err := oneOf("task", k.Task, Tasks()); err != nil {
		return err
	}
	if err := oneOf("difficulty", k.Difficulty, Difficulties()); err != nil {
		return err
	}
	if k.Torques < 2 || k.Torques > maxTorques {
		return lab.Errorf(lab.Invalid, "popgym: knob torques is %d, want 2 to %d", k.Torques, maxTorques).WithHint("set world.torques to 5")
	}
	return nil
}

const maxTorques = 41

func oneOf(knob, v string, legal []string) error {
	if slices.Contains(legal, v) {
		return nil
	}
	return lab.Errorf(lab.Invalid, "popgym: knob %s is %q, want one of %s", knob, v, strings.Join(legal, ", ")).
		WithHint("set world.%s to one of these", knob)
}

// Worlds lists the world of this package for a paper's sections.
func Worlds() []schema.Kind {
	return []schema.Kind{{Name: Name, Doc: "The tasks of the public benchmark POPGym, with its observations, rewards and ends.", New: func() any { return new(Knobs) }}}
}

// level is 0, 1, 2 for easy, medium, hard.
func (k *Knobs) level() int { return slices.Index(Difficulties(), k.Difficulty) }

// newGame makes the task of valid knobs. The sizes are those of the package's three classes a task.
func newGame(k Knobs, batch int) (game, shape) {
	l := k.level()
	switch k.Task {
	case RepeatFirst:
		return newRepeatFirst([]int{1, 8, 16}[l], batch)
	case RepeatPrevious:
		return newRepeatPrevious([]int{1, 2, 3}[l], []int{4, 32, 64}[l], batch)
	case Autoencode:
		return newAutoencode([]int{1, 2, 3}[l], batch)
	case CountRecall:
		return newCountRecall([]int{1, 2, 4}[l], []deckType{colours, suits, ranks}[l], batch)
	case Concentration:
		return newConcentration([]int{1, 2, 1}[l], []deckType{colours, colours, ranks}[l], batch)
	case HigherLower:
		return newHigherLower(l+1, batch)
	case Battleship:
		return newBattleship([]int{8, 10, 12}[l], batch)
	case Minesweeper:
		return newMinesweeper([]int{4, 6, 8}[l], []int{2, 6, 10}[l], batch)
	case Bandit:
		return newBandit([]int{10, 20, 30}[l], []int{200, 400, 600}[l], batch)
	case Escape, Explore:
		return newLabyrinth([]int{5, 7, 9}[l], k.Task == Escape, batch)
	}
	return newControl(k, batch)
}

// newControl makes a task with physics.
func newControl(k Knobs, batch int) (game, shape) {
	l := k.level()
	sigma := []float64{0.1, 0.2, 0.3}[l]
	switch k.Task {
	case PositionCartPole:
		return newCartpole(positions, []int{200, 400, 600}[l], 0, batch)
	case NoisyCartPole:
		return newCartpole(noisyPositions, 200, sigma, batch)
	case VelocityCartPole:
		return newCartpole(velocities, []int{200, 400, 600}[l], 0, batch)
	case PositionPendulum:
		return newPendulum(false, []int{200, 150, 100}[l], 0, k.Torques, batch)
	case NoisyPendulum:
		return newPendulum(true, 200, sigma, k.Torques, batch)
	}
	panic(fmt.Sprintf("popgym: task %q has no game", k.Task))
}
