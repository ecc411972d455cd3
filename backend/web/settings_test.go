package web

import (
	"context"
	"encoding/json"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
	"github.com/loci-lab/loci/backend/target"
)

// memoryShelf keeps settings for a test.
type memoryShelf map[string]json.RawMessage

func (m memoryShelf) Rows(context.Context) ([]settings.Row, error) { return nil, nil }
func (m memoryShelf) Put(_ context.Context, name string, value json.RawMessage) error {
	m[name] = value
	return nil
}

func (m memoryShelf) Drop(_ context.Context, name string) error { delete(m, name); return nil }

func withSettings(t *testing.T) func(*Config) {
	book, err := settings.Open(t.Context(), memoryShelf{})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Settings = book }
}

// memorySecrets keeps values for a test, behind a passphrase that is asked for first.
type memorySecrets struct {
	values map[string]string
	pass   string
}

func (m *memorySecrets) Get(_ context.Context, name string) (lab.Secret, error) {
	return lab.NewSecret(m.values[name]), nil
}

func (m *memorySecrets) Set(_ context.Context, name string, value lab.Secret) (lab.KeptSecret, error) {
	if m.pass == "" {
		return lab.KeptSecret{}, lab.Errorf(lab.Unavailable, "the encrypted file of secrets is locked").WithHint("type its passphrase")
	}
	m.values[name] = value.Reveal()
	return lab.KeptSecret{Name: name, Kept: "encrypted file"}, lab.CheckSecretName(name)
}

func (m *memorySecrets) List(context.Context) (all []lab.KeptSecret, err error) {
	for name := range m.values {
		all = append(all, lab.KeptSecret{Name: name, Kept: "encrypted file"})
	}
	return all, nil
}

func (m *memorySecrets) Remove(_ context.Context, name string) error {
	delete(m.values, name)
	return nil
}
func (m *memorySecrets) File() string {
	return map[bool]string{true: "locked", false: "open"}[m.pass == ""]
}
func (m *memorySecrets) Used(context.Context) (map[string]time.Time, error) {
	return map[string]time.Time{"far": time.UnixMilli(9)}, nil
}

func (m *memorySecrets) Unlock(_ context.Context, pass lab.Secret) error {
	m.pass = pass.Reveal()
	return nil
}

func TestASettingIsChangedRefusedAndReset(t *testing.T) {
	k := newKit(t, withSettings(t), func(c *Config) {
		c.Pages = fstest.MapFS{"index.html": {Data: []byte(`<!doctype html><html lang="en"><title>Loci</title>`)}}
	})
	var page SettingsPage
	k.get("/api/settings", &page)
	find := func(name string) SettingState {
		for _, s := range page.Settings {
			if s.Name == name {
				return s
			}
		}
		t.Fatalf("no setting %s", name)
		return SettingState{}
	}
	if len(page.Settings) != len(settings.All()) || string(find(settings.Look).Value) != `"system"` || find(settings.Look).ChangedMS != 0 {
		t.Errorf("%+v", find(settings.Look))
	}
	k.post("/api/settings/set", SettingChange{settings.Look, json.RawMessage(`"dark"`)}, &page)
	if string(find(settings.Look).Value) != `"dark"` || find(settings.Look).ChangedMS == 0 {
		t.Errorf("%+v", find(settings.Look))
	}
	e := k.refused(k.do(k.request(http.MethodPost, "/api/settings/set", `{"name":"look.mode","value":"blue"}`)), http.StatusBadRequest)
	if !strings.Contains(e.Msg, "blue") || !strings.Contains(e.Hint, "the old value stays") {
		t.Errorf("%+v", e)
	}
	if k.get("/api/settings", &page); string(find(settings.Look).Value) != `"dark"` {
		t.Errorf("%s", find(settings.Look).Value)
	}
	index := bodyOf(t, k.do(k.request(http.MethodGet, "/settings", "")))
	if !strings.Contains(index, `data-mode="dark"`) {
		t.Errorf("the first paint has no colours: %s", index)
	}
	k.post("/api/settings/reset", SettingChange{Name: settings.Look}, &page)
	if string(find(settings.Look).Value) != `"system"` || strings.Contains(bodyOf(t, k.do(k.request(http.MethodGet, "/", ""))), "data-mode") {
		t.Errorf("%+v", find(settings.Look))
	}
}

func TestTheValueOfASecretGoesInAndNeverOut(t *testing.T) {
	const value, pass = "sk-VERYSECRETVALUE", "four words unlike others"
	keep := &memorySecrets{values: map[string]string{}}
	k := newKit(t, func(c *Config) {
		c.Secrets, c.TargetFile = keep, filepath.Join(c.Home, target.FileName)
	})
	var heard []string
	ask := func(path, body string) int {
		res := k.do(k.request(http.MethodPost, path, body))
		heard = append(heard, bodyOf(t, res))
		return res.StatusCode
	}
	k.post("/api/target", TargetChange{Form: target.Form{Kind: "service", Name: "a", Values: map[string]string{"url": "https://h", "secret": "far"}}}, &TargetsPage{})
	var page SecretsPage
	if k.get("/api/secrets", &page); len(page.Missing) != 1 || page.Missing[0].Name != "far" || page.File != "locked" {
		t.Errorf("%+v", page)
	}
	set, err := json.Marshal(SecretChange{Name: "far", Value: value})
	if err != nil {
		t.Fatal(err)
	}
	if code := ask("/api/secret/set", string(set)); code != http.StatusServiceUnavailable {
		t.Errorf("a locked file answers %d", code)
	}
	if code := ask("/api/secret/set", string(set)+"}"); code != http.StatusBadRequest {
		t.Errorf("what is no JSON answers %d", code)
	}
	withPass, err := json.Marshal(SecretChange{Name: "far", Value: value, Passphrase: pass})
	if err != nil {
		t.Fatal(err)
	}
	if code := ask("/api/secret/set", string(withPass)); code != http.StatusOK || keep.values["far"] != value {
		t.Errorf("answers %d", code)
	}
	if k.get("/api/secrets", &page); len(page.Secrets) != 1 || len(page.Missing) != 0 || page.Secrets[0].UsedMS != 9 || page.Secrets[0].Targets[0] != "a" {
		t.Errorf("%+v", page)
	}
	heard = append(heard, bodyOf(t, k.do(k.request(http.MethodGet, "/api/secrets", ""))), bodyOf(t, k.do(k.request(http.MethodGet, "/api/targets", ""))), k.log.String())
	for _, text := range heard {
		if strings.Contains(text, "VERYSECRET") || strings.Contains(text, pass) {
			t.Errorf("a value came out: %s", text)
		}
	}
	if code := ask("/api/secret/remove", `{"name":"far"}`); code != http.StatusOK || len(keep.values) != 0 {
		t.Errorf("answers %d", code)
	}
	if code := ask("/api/secret/show", `{"name":"far"}`); code != http.StatusNotFound {
		t.Errorf("an unknown verb answers %d", code)
	}
}

func TestATargetIsSetUpTestedStepByStepAndRemoved(t *testing.T) {
	gate := make(chan struct{})
	k := newKit(t, func(c *Config) {
		c.TargetFile = filepath.Join(c.Home, target.FileName)
		c.Computer = func() Computer { return Computer{Cores: 4, DiskFree: 5} }
		c.TestTarget = func(ctx context.Context, name string, told func(target.Answer)) ([]string, error) {
			told(target.Answer{Step: "models", Said: "2 models", Seconds: 0.1})
			<-gate
			return nil, lab.Errorf(lab.Unavailable, "%s is silent", name).WithHint("start it")
		}
	})
	form := target.Form{Kind: "endpoint", Name: "local", Values: map[string]string{"url": "http://127.0.0.1:9/v1", "model": "m"}}
	var page TargetsPage
	k.post("/api/target", TargetChange{Form: form}, &page)
	if len(page.Targets) != 1 || !page.Targets[0].Here || !page.Targets[0].SecretKept || page.Computer.Cores != 4 || page.Computer.Kernel != "go" || len(page.Kinds) != len(target.Kinds()) {
		t.Errorf("%+v", page)
	}
	k.refused(k.do(k.request(http.MethodPost, "/api/target", `{"kind":"endpoint","name":"local","values":{"url":"http://127.0.0.1:9/v1","model":"m"}}`)), http.StatusConflict)
	var test TargetTest
	k.post("/api/target/local/test", struct{}{}, &test)
	if !test.Running || len(test.Steps) != 2 {
		t.Errorf("%+v", test)
	}
	close(gate)
	for test.Running {
		k.get("/api/target/local/test", &test)
	}
	if test.OK || test.Error == nil || test.Error.Hint != "start it" || test.Steps[0].State != "done" || test.Steps[1].State != "failed" || test.Steps[1].Said != "local is silent" {
		t.Errorf("%+v", test)
	}
	var was TargetRow
	k.post("/api/target/local/remove", struct{}{}, &was)
	if was.Values["model"] != "m" {
		t.Errorf("%+v", was)
	}
	if k.post("/api/target", TargetChange{Form: was.Form}, &page); len(page.Targets) != 1 || page.Targets[0].Test != nil {
		t.Errorf("%+v", page.Targets)
	}
	k.refused(k.do(k.request(http.MethodPost, "/api/target/none/test", "")), http.StatusNotFound)
}

// fakeBin is a bin with one run in it.
type fakeBin struct{ moved []string }

func (f *fakeBin) Bin(_ context.Context, key string) error {
	f.moved = append(f.moved, "delete "+key)
	return nil
}

func (f *fakeBin) Restore(_ context.Context, key string) error {
	f.moved = append(f.moved, "restore "+key)
	return nil
}

func (f *fakeBin) EmptyBin(_ context.Context, before time.Time) (int, error) {
	f.moved = append(f.moved, "empty")
	return 1, nil
}

func (f *fakeBin) FindBin(context.Context, time.Time, int, int) ([]store.Binned, int, error) {
	return []store.Binned{{Run: store.Run{Key: "abc", Paper: "p"}, Since: time.UnixMilli(1000)}}, 1, nil
}

func TestRunsAreDeletedRestoredAndTheBinIsEmptiedWithItsWord(t *testing.T) {
	bin := &fakeBin{}
	k := newKit(t, func(c *Config) { c.Bin = bin })
	var page BinPage
	k.post("/api/run/abc/delete", struct{}{}, &page)
	if page.Total != 1 || page.Runs[0].SinceMS != 1000 || page.Runs[0].GoneMS != time.UnixMilli(1000).AddDate(0, 0, 30).UnixMilli() {
		t.Errorf("%+v", page)
	}
	k.post("/api/run/abc/restore", struct{}{}, &page)
	k.refused(k.do(k.request(http.MethodPost, "/api/bin/empty", `{"word":"yes"}`)), http.StatusBadRequest)
	k.post("/api/bin/empty", BinWord{"empty"}, &page)
	if got := strings.Join(bin.moved, ", "); got != "delete abc, restore abc, empty" {
		t.Errorf("%s", got)
	}
}
