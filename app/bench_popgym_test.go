package app

import (
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

func TestTasksHaveTheNamesOfThePackage(t *testing.T) {
	tasks, err := popgymTasks()
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) != 48 {
		t.Fatalf("%d tasks, want 16 in 3 difficulties", len(tasks))
	}
	classes := map[string]bool{}
	for _, x := range tasks {
		classes[x.class()] = true
	}
	for _, want := range []string{"RepeatFirstEasy", "MineSweeperHard", "MultiarmedBanditMedium", "NoisyPositionOnlyCartPoleHard", "PositionOnlyPendulumEasy", "LabyrinthEscapeHard"} {
		if !classes[want] {
			t.Errorf("no task has the class %s", want)
		}
	}
}

func TestWrongPOPGymResultsAreErrors(t *testing.T) {
	good := `{"rates":[1,2],"popgym":"1.0.6","gymnasium":"1","numpy":"2"}`
	if r, err := parsePOPGym([]byte(good), 2); err != nil || r.Rates[1] != 2 {
		t.Fatalf("%s reads as %+v, error %v", good, r, err)
	}
	for name, text := range map[string]string{
		"nothing":       "",
		"too few rates": `{"rates":[1],"popgym":"1.0.6","gymnasium":"1","numpy":"2"}`,
		"a rate of 0":   `{"rates":[1,0],"popgym":"1.0.6","gymnasium":"1","numpy":"2"}`,
		"no version":    `{"rates":[1,2],"gymnasium":"1","numpy":"2"}`,
	} {
		if r, err := parsePOPGym([]byte(text), 2); lab.CodeOf(err) != lab.Internal || err == nil {
			t.Errorf("%s: %q reads as %+v, error %v", name, text, r, err)
		}
	}
}
