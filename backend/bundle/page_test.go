package bundle

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend/lab"
)

var (
	scripts = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
	blocks  = regexp.MustCompile(`(?s)<script type="application/octet-stream" data-block="([^"]*)">(.*?)</script>`)
)

func TestAPageAllowsItsOwnScriptByHashAndNothingElse(t *testing.T) {
	p := NewPage(Options{})
	if err := p.Add("report", map[string]string{"title": "</script><script>alert(1)</script>"}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.html")
	script := []byte(`let a = "</script>", b = "<!--";`)
	if err := p.Write(t.Context(), path, `</title><script>alert(2)</script>`, script, []byte("b{}</style>")); err != nil {
		t.Fatal(err)
	}
	text := mustRead(t, path)
	found := scripts.FindAllSubmatch(text, -1)
	if len(found) != 1 || !bytes.HasPrefix(found[0][1], []byte("let a")) {
		t.Fatalf("%d scripts run: %q, want the viewer's alone", len(found), found)
	}
	sum := sha256.Sum256(found[0][1])
	if want := "script-src &#39;sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "&#39;;"; !bytes.Contains(text, []byte(want)) {
		t.Errorf("the policy does not allow the script that is there, want %s", want)
	}
	for _, never := range []string{"http:", "https:", "</style></style>", "unsafe-eval", "<script>alert"} {
		if bytes.Contains(text, []byte(never)) {
			t.Errorf("the page holds %q", never)
		}
	}
	if !bytes.Contains(text, []byte("default-src &#39;none&#39;")) {
		t.Error("the policy does not begin with nothing allowed")
	}
}

func TestBlocksReadBack(t *testing.T) {
	e := demo(t)
	run := e.Runs[0]
	episodes, total, err := Episodes(t.Context(), run, 1)
	if err != nil {
		t.Fatal(err)
	}
	if total != 1 || len(episodes) != 1 || len(episodes[0].Steps) != 2 || len(episodes[0].Context) != 1 || episodes[0].Context[0].Blocks[0].Tokens != nil {
		t.Errorf("episodes are %+v of %d", episodes, total)
	}
	ops, err := Memories(t.Context(), run)
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) != 1 || ops[0].After == nil || ops[0].After.Vector != nil {
		t.Errorf("operations are %+v", ops)
	}
	p := NewPage(Options{})
	if err := p.Add("episodes:"+run.Key, episodes); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.html")
	if err := p.Write(t.Context(), path, "t", []byte("0"), nil); err != nil {
		t.Fatal(err)
	}
	found := blocks.FindSubmatch(mustRead(t, path))
	if found == nil || string(found[1]) != "episodes:"+run.Key {
		t.Fatalf("block is %q", found)
	}
	packed, err := base64.StdEncoding.DecodeString(string(found[2]))
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var back []Episode
	if err := json.Unmarshal(text, &back); err != nil || len(back) != 1 || back[0].Steps[1].Action != "use sink" {
		t.Errorf("read back as %+v, %v", back, err)
	}
}

func TestAShareOfTheEpisodesIsSpreadEvenly(t *testing.T) {
	events := []lab.Event{lab.Start{Key: keyA, Arm: "value"}}
	for i := range int64(10) {
		events = append(events, lab.Step{Episode: i, Action: "a"}, lab.Episode{ID: i, Detail: true})
	}
	r := Run{Key: keyA, Record: filepath.Join(t.TempDir(), "run", "record.loci")}
	write(t, r.Record, events...)
	for _, c := range []struct {
		share float64
		want  []int64
	}{{1, []int64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}, {0.4, []int64{0, 3, 6, 9}}, {0.01, []int64{9}}, {0, nil}} {
		got, total, err := Episodes(t.Context(), r, c.share)
		if err != nil || total != 10 {
			t.Fatal(total, err)
		}
		var ids []int64
		for _, e := range got {
			ids = append(ids, e.Episode.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("share %v gives %v, want %v", c.share, ids, c.want)
		}
	}
}

func TestAProgramWithoutTheViewerSaysSo(t *testing.T) {
	if _, _, err := Viewer(fstest.MapFS{"report/report.js": {Data: []byte("0")}}); lab.CodeOf(err) != lab.Unavailable || !strings.Contains(err.Error(), "without the viewer") {
		t.Errorf("error is %v", err)
	}
}
