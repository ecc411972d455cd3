package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world/dataset"
)

const smallTalks = `[{"sample_id": "t", "conversation": {"speaker_a": "Ada", "speaker_b": "Bo", "session_1_date_time": "1:56 pm on 8 May, 2031",
 "session_1": [{"speaker": "Ada", "dia_id": "D1:1", "text": "I planted tomatoes."}]},
 "qa": [{"question": "What did Ada plant?", "answer": "tomatoes", "evidence": ["D1:1", "D7:7"], "category": 4}]}]`

// keep writes a file for the user and returns its path.
func (u user) keep(name, text string) string {
	u.t.Helper()
	path := filepath.Join(u.t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		u.t.Fatal(err)
	}
	return path
}

func TestDataAreImportedListedFoundReplacedAndRemoved(t *testing.T) {
	u := newUser(t)
	_, text := u.loci(exitOK, "import-data", "list")
	wantWords(t, text, "No data were imported", "loci import-data locomo FILE")
	out, text := u.loci(exitOK, "import-data", "locomo", u.keep("Small Talks.v1.json", smallTalks))
	wantWords(t, out, "small-talks", "conversations", "single_hop", "evidence that names no turn")
	wantWords(t, text, "world: {locomo: {data: small-talks}}", "t D7:7")
	line := lines(t, first(u.loci(exitOK, "import-data", "list", "--json")))[0]
	if line["name"] != "small-talks" || line["layout"] != "locomo" || line["hash"] != dataset.Hash([]byte(smallTalks)) || line["original"] != "Small Talks.v1.json" ||
		line["summary"].(map[string]any)["turns"] != 1.0 {
		t.Errorf("list prints %v", line)
	}
	c := &cli{cfg: Config{Home: u.home}}
	f, err := c.dataFile("small-talks")
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := dataset.Read(f); err != nil || string(kept) != smallTalks {
		t.Errorf("the copy reads %q, %v", kept, err)
	}
	other := u.keep("other.json", strings.Replace(smallTalks, "tomatoes", "beans", 1))
	_, text = u.loci(exitError, "import-data", "locomo", other, "--name", "small-talks")
	wantWords(t, text, `data "small-talks" already`, "--replace")
	u.loci(exitOK, "import-data", "locomo", u.keep("again.json", smallTalks), "--name", "small-talks")
	u.loci(exitOK, "import-data", "locomo", other, "--name", "small-talks", "--replace")
	if left, err := os.ReadDir(filepath.Join(u.home, "data", "small-talks")); err != nil || len(left) != 2 {
		t.Errorf("the folder of the name holds %v, %v", left, err)
	}
	if g, err := c.dataFile("small-talks"); err != nil || g.Hash == f.Hash {
		t.Errorf("after replacing, %+v is found, %v", g, err)
	}
	u.loci(exitOK, "import-data", "remove", "small-talks")
	if _, err := c.dataFile("small-talks"); lab.CodeOf(err) != lab.NotFound || !strings.Contains(lab.HintOf(err), "--name small-talks") {
		t.Errorf("what was removed gives %v, hint %q", err, lab.HintOf(err))
	}
	_, text = u.loci(exitError, "import-data", "remove", "small-talks")
	wantWords(t, text, "were not imported")
}

func first(out, _ string) string { return out }

func TestAFileOfAnotherLayoutIsRefusedBeforeAnythingIsWritten(t *testing.T) {
	u := newUser(t)
	problems := u.keep("problems.jsonl", "{\"question\": \"x\", \"answer\": \"#### 3\"}\n{\"question\": \"y\", \"answer\": \"none\"}\n")
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"lines as conversations", []string{"locomo", problems}, []string{"problems.jsonl:2:1", "this is no JSON"}},
		{"conversations as lines", []string{"jsonl", u.keep("t.json", smallTalks)}, []string{"t.json:1:", "this is no JSON"}},
		{"a missing field", []string{"locomo", u.keep("m.json", strings.Replace(smallTalks, `"dia_id": "D1:1", `, "", 1))}, []string{"record 1, field conversation.session_1[0].dia_id is missing", "do: mend"}},
		{"no number", []string{"gsm8k", problems}, []string{"record 2, field answer is \"none\"", "ends in a number"}},
		{"another field", []string{"jsonl", problems, "--question", "prompt"}, []string{"record 1, field prompt is missing"}},
		{"no file", []string{"gsm8k", "nowhere.jsonl"}, []string{`no file "nowhere.jsonl"`, "docs/data.md"}},
		{"a folder", []string{"gsm8k", t.TempDir()}, []string{"is a folder"}},
		{"a bad name", []string{"gsm8k", problems, "--name", "../x"}, []string{`cannot be called "../x"`, "--name"}},
		{"an unknown layout", []string{"csv", problems}, []string{`"csv"`}},
	} {
		_, text := u.loci(exitError, append([]string{"import-data"}, c.args...)...)
		wantWords(t, text, c.words...)
	}
	if names, err := os.ReadDir(filepath.Join(u.home, "data")); err == nil && len(names) > 0 {
		t.Errorf("the data folder holds %v", names)
	}
	u.loci(exitOK, "import-data", "jsonl", problems)
	if line := lines(t, first(u.loci(exitOK, "import-data", "gsm8k", u.keep("p.jsonl", "{\"question\": \"x\", \"answer\": \"#### 3\"}\n"), "--json")))[0]; line["name"] != "p" ||
		line["summary"].(map[string]any)["questions"] != 1.0 {
		t.Errorf("import prints %v", line)
	}
}
