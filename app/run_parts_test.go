package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// talking is a notebook that reads the data named talks.
const talking = "---\nloci: 1\ntitle: Talks\npaper: text-memory\n---\n# Talks\n\n" +
	"```yaml world\nlocomo: {data: talks}\n```\n\n```yaml agent\nkind: retrieval\n```\n\n" +
	"```yaml arms\nwords: {memory.kind: bm25}\nnothing: {memory.kind: none}\n```\n\n" +
	"```yaml run\nseeds: 1\nbudget: fast\nfast: {arms: [words, nothing], seeds: 1}\n```\n"

func TestARunOnConversationsPrintsALineForEachMemoryAndCategory(t *testing.T) {
	u := newUser(t)
	path := u.keep("talks.md", talking)
	_, text := u.loci(exitError, "run", path)
	wantWords(t, text, `data "talks" were not imported`, "do: loci import-data locomo|gsm8k|jsonl FILE --name talks")
	u.loci(exitOK, "import-data", "locomo", u.keep("t.json", smallTalks), "--name", "talks")
	got := map[string]map[string]any{}
	for _, l := range lines(t, first(u.loci(exitOK, "run", path, "--json"))) {
		if l["type"] == "part" {
			got[l["arm"].(string)+" "+l["category"].(string)] = l
		}
	}
	if len(got) != 4 {
		t.Fatalf("lines are %v, want two for each arm: one question of one category was asked", got)
	}
	if l := got["words single_hop"]; l["memory"] != "bm25" || l["recall_1"] != 1.0 || l["mrr"] != 1.0 || l["seeds"] != 1.0 {
		t.Errorf("by category: %v", l)
	}
	if l := got["nothing all"]; l["memory"] != "none" || l["recall_20"] != 0.0 {
		t.Errorf("over all: %v", l)
	}
	for name := range got["words all"] {
		if strings.Contains(name, "single_hop") || name == "memory_size" {
			t.Errorf("the line over all has %s, which is not taken apart", name)
		}
	}
}

func TestResultsOnDataAreMadeAgainOnlyWhereTheDataAre(t *testing.T) {
	u := newUser(t)
	t.Setenv(testDataVariable, "")
	path := u.keep("talks.md", talking)
	u.loci(exitOK, "import-data", "locomo", u.keep("t.json", smallTalks), "--name", "talks")
	u.loci(exitOK, "record", path, "--budget", "fast", "--kernel", portable)
	_, text := u.loci(exitOK, "record", path, "--verify")
	wantWords(t, text, "metrics come out as recorded")
	kept, err := os.ReadFile(filepath.Join(filepath.Dir(path), "talks.results", "fast.json"))
	if err != nil || strings.Contains(string(kept), "tomatoes") {
		t.Errorf("the results quote the data, or cannot be read: %v", err)
	}
	u.loci(exitOK, "import-data", "remove", "talks")
	_, text = u.loci(exitOK, "record", path, "--verify")
	wantWords(t, text, `data "talks"`, "not compared", testDataVariable)
	folder := filepath.Dir(u.keep("another-name.json", smallTalks))
	t.Setenv(testDataVariable, folder)
	_, text = u.loci(exitOK, "record", path, "--verify")
	wantWords(t, text, "metrics come out as recorded")
}
