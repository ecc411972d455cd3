package app

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	value  = "tml-distinctive-value-0123456789"
	phrase = "correct horse battery"
)

// memoryKeys is a key store in memory; down makes it fail as one that is not there.
type memoryKeys struct {
	values map[string]string
	down   error
}

func newMemoryKeys() *memoryKeys { return &memoryKeys{values: map[string]string{}} }

func (m *memoryKeys) Get(_ context.Context, service, name string) (string, error) {
	v, ok := m.values[service+"/"+name]
	if m.down == nil && !ok {
		return "", keyring.ErrNotFound
	}
	return v, m.down
}

func (m *memoryKeys) Set(_ context.Context, service, name, value string) error {
	if m.down == nil {
		m.values[service+"/"+name] = value
	}
	return m.down
}

func (m *memoryKeys) Delete(_ context.Context, service, name string) error {
	if m.down == nil {
		delete(m.values, service+"/"+name)
	}
	return m.down
}

var errDown = errors.New("no session bus")

// keeper is a user with a key store and a passphrase; everything that was ever printed is kept.
type keeper struct {
	user
	keys *memoryKeys
	pass string // "" is no terminal
	said *bytes.Buffer
}

func newKeeper(t *testing.T) *keeper {
	return &keeper{user: newUser(t), keys: newMemoryKeys(), pass: phrase, said: &bytes.Buffer{}}
}

// store keeps secrets as the program does, with scrypt at a cost that suits tests.
func (k *keeper) store(home string) *secretStore {
	s := newSecretStore(home, k.keys, func(context.Context, bool) (lab.Secret, error) {
		if k.pass == "" {
			return lab.Secret{}, lab.Errorf(lab.Unavailable, "no terminal")
		}
		return lab.NewSecret(k.pass), nil
	})
	s.file.work = 10
	return s
}

// send runs one command line with that standard input.
func (k *keeper) send(want int, in string, args ...string) (out, err string) {
	k.t.Helper()
	var o, e bytes.Buffer
	ctx := context.WithoutCancel(k.t.Context()) // a clean-up sends, too
	code := (&cli{out: &o, err: &e, in: strings.NewReader(in), keep: k.store}).main(ctx, args)
	fmt.Fprintln(k.said, args, o.String(), e.String())
	if code != want {
		k.t.Errorf("loci %s ends with %d, want %d:\n%s%s", strings.Join(args, " "), code, want, o.String(), e.String())
	}
	return o.String(), e.String()
}

// get reads a value back.
func (k *keeper) get(name string) string {
	k.t.Helper()
	v, err := k.store(k.home).Get(k.t.Context(), name)
	if err != nil {
		k.t.Error(err)
	}
	return v.Reveal()
}

// wantNowhere looks for the value in what was printed and in every file of the data folder, in clear and in usual codings.
func (k *keeper) wantNowhere(value string) {
	k.t.Helper()
	places := map[string][]byte{"what was printed": k.said.Bytes()}
	err := filepath.WalkDir(k.home, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			places[path], err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	for where, text := range places {
		for _, form := range []string{value, hex.EncodeToString([]byte(value)), base64.RawStdEncoding.EncodeToString([]byte(value))[:40], value[8:24]} {
			if bytes.Contains(text, []byte(form)) {
				k.t.Errorf("%s holds %q:\n%.2000s", where, form, text)
			}
		}
	}
}

func TestTheValueOfASecretIsSeenNowhere(t *testing.T) {
	for _, where := range []string{inKeyStore, inFile} {
		t.Run(where, func(t *testing.T) {
			k := newKeeper(t)
			if where == inFile {
				k.keys.down = errDown
			}
			echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				http.Error(w, "wrong key "+r.Header.Get("X-API-Key"), http.StatusForbidden)
			}))
			defer echo.Close()
			k.send(exitOK, value+"\n", "secret", "set", "my-service")
			k.send(exitOK, value, "secret", "set", "other", "--json")
			k.send(exitOK, "", "target", "add", "far", "--service", echo.URL, "--secret", "my-service")
			k.send(exitOK, "", "secret", "list")
			out, _ := k.send(exitOK, "", "secret", "list", "--json")
			if l := lines(t, out); len(l) != 2 || l[0]["name"] != "my-service" || l[0]["kept"] != where || fmt.Sprint(l[0]["targets"]) != "[far]" {
				t.Errorf("list prints %v", l)
			}
			_, text := k.send(exitError, "", "target", "test", "far")
			wantWords(t, text, "403", "[secret]", "do: ", "loci secret set my-service")
			k.send(exitError, "", "target", "test", "far", "--json")
			k.send(exitOK, "", "target", "list", "--json")
			k.send(exitError, "", "show", "my-service")
			k.send(exitOK, "", "runs")
			k.send(exitOK, "", "doctor")
			k.send(exitOK, "", "doctor", "--repair", "--json")
			k.wantNowhere(value)
			if k.get("my-service") != value || k.get("other") != value {
				t.Error("the value is lost")
			}
			_, err := os.Stat(filepath.Join(k.home, "secrets.age"))
			if (err == nil) != (where == inFile) {
				t.Errorf("the encrypted file: %v", err)
			}
			k.send(exitOK, "", "secret", "remove", "my-service")
			k.send(exitOK, "", "secret", "remove", "other", "--json")
			if _, err := os.Stat(filepath.Join(k.home, "secrets.age")); !errors.Is(err, fs.ErrNotExist) || len(k.keys.values) > 0 {
				t.Errorf("something is left: %v, %d in the key store", err, len(k.keys.values))
			}
			_, text = k.send(exitOK, "", "secret", "list")
			wantWords(t, text, "No secret")
		})
	}
}

func TestAValueAsAnArgumentIsRefusedAndNotRepeated(t *testing.T) {
	k := newKeeper(t)
	for _, c := range []struct {
		name  string
		args  []string
		words []string
	}{
		{"after the name", []string{"a", value}, []string{"process list", "history", "standard input"}},
		{"with an equals sign", []string{"a=" + value}, []string{"process list"}},
		{"as a flag", []string{"a", "--value=" + value}, []string{"--file"}},
		{"as a short flag", []string{"a", "-" + value}, []string{"--file"}},
		{"in the place of the name", []string{strings.ToUpper(value) + "/" + value}, []string{"no name of a secret"}},
		{"with nothing at all", nil, []string{"wants a name", "do: "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			k.t = t
			_, text := k.send(exitError, "x", append([]string{"secret", "set"}, c.args...)...)
			wantWords(t, text, append(c.words, "do: ")...)
			if strings.Contains(strings.ToLower(text), value) {
				t.Errorf("the value is repeated: %s", text)
			}
		})
	}
	for in, word := range map[string]string{"": "empty", "\n": "empty", "a\x00b": "zero byte", strings.Repeat("a", secretLimit+1): "more than 65536 bytes"} {
		_, text := k.send(exitError, in, "secret", "set", "a")
		wantWords(t, text, word, "do: ")
	}
	if _, err := os.Stat(k.home); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
}

func TestWithoutAKeyStoreTheFileIsUsedAndThatIsSaid(t *testing.T) {
	k := newKeeper(t)
	k.keys.down = fmt.Errorf("no session bus for %s", value)
	_, text := k.send(exitOK, value+"\r\n", "secret", "set", "a")
	wantWords(t, text, "no key store", "no session bus for [secret]", "encrypted file "+filepath.Join(k.home, "secrets.age"))
	k.keys.down = errDown
	out, _ := k.send(exitOK, "two\nlines\n", "secret", "set", "b", "--json")
	if l := lines(t, out)[0]; l["type"] != "secret" || l["kept"] != inFile || !strings.Contains(l["note"].(string), "no key store") {
		t.Errorf("set prints %v", l)
	}
	k.wantNowhere(value)
	if k.get("a") != value || k.get("b") != "two\nlines" {
		t.Error("a value is lost")
	}
	info, err := os.Stat(filepath.Join(k.home, "secrets.age"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	k.keys.down = nil
	k.send(exitOK, "new", "secret", "set", "a") // stays where it is: no older value is left behind
	if len(k.keys.values) != 0 || k.get("a") != "new" {
		t.Errorf("the key store has %d values, a is %q", len(k.keys.values), k.get("a"))
	}
	_, text = k.send(exitOK, "c", "secret", "set", "c", "--file")
	if strings.Contains(text, "Note") || len(k.keys.values) != 0 {
		t.Errorf("--file is taken for a fault: %s", text)
	}
}

func TestAValueThatMovesToTheFileLeavesTheKeyStore(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, "old", "secret", "set", "a")
	k.send(exitOK, "new", "secret", "set", "a", "--file")
	if len(k.keys.values) != 0 || k.get("a") != "new" {
		t.Errorf("the key store has %d values, a is %q", len(k.keys.values), k.get("a"))
	}
	k.send(exitOK, "old", "secret", "set", "b")
	k.keys.down = errDown
	_, text := k.send(exitOK, "new", "secret", "set", "b")
	wantWords(t, text, "older value of b is still in the key store")
}

func TestWhatCannotBeOpenedIsToldAndLeftAsItIs(t *testing.T) {
	k := newKeeper(t)
	k.send(exitOK, "in keys", "secret", "set", "k")
	k.send(exitOK, value, "secret", "set", "a", "--file")
	file, index := filepath.Join(k.home, "secrets.age"), filepath.Join(k.home, "secrets.json")
	whole, list := read(t, file), read(t, index)
	write := func(path string, text []byte) func() {
		return func() {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-3] ^= 1
	for _, c := range []struct {
		name  string
		spoil func()
		code  lab.Code
		words string
		get   string
	}{
		{"a wrong passphrase", func() { k.pass = "wrong horse battery" }, lab.Invalid, "does not open", "a"},
		{"nobody to ask", func() { k.pass = "" }, lab.Unavailable, "no terminal", "a"},
		{"a changed byte", write(file, flipped), lab.Invalid, "is damaged and was left", "a"},
		{"half a file", write(file, whole[:len(whole)/2]), lab.Invalid, "is damaged and was left", "a"},
		{"another file", write(file, []byte("hello")), lab.Invalid, "is damaged and was left", "a"},
		{"an empty file", write(file, nil), lab.Invalid, "is damaged and was left", "a"},
		{"a damaged list", write(index, []byte("{")), lab.Invalid, "list of secrets", "a"},
		{"a newer list", write(index, []byte(`{"version":2,"folder":"x"}`)), lab.Invalid, "format 2", "a"},
		{"a key store that is gone", func() { k.keys.down = errDown }, lab.Unavailable, "--file", "k"},
		{"a key store that forgot", func() { clear(k.keys.values) }, lab.NotFound, "loci secret set k", "k"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spoil()
			spoilt := [2]string{string(read(t, file)), string(read(t, index))}
			_, err := k.store(k.home).Get(t.Context(), c.get)
			told := fmt.Sprint(err) + " " + lab.HintOf(err)
			if lab.CodeOf(err) != c.code || !strings.Contains(told, c.words) || strings.Contains(told, value) {
				t.Errorf("%s: %s", lab.CodeOf(err), told)
			}
			if c.get == "a" {
				k.t = t
				_, text := k.send(exitError, "new", "secret", "set", "b", "--file")
				wantWords(t, text, c.words)
				k.send(exitError, "", "secret", "remove", "a")
				if now := [2]string{string(read(t, file)), string(read(t, index))}; now[0] != spoilt[0] || len(now[1]) > len(list) {
					t.Errorf("the files were written to: %q", now)
				}
			}
			k.pass, k.keys.down = phrase, nil
			write(file, whole)()
			write(index, list)()
		})
	}
	if k.get("a") != value {
		t.Error("the value is lost")
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestShortPassphrasesAreRefused(t *testing.T) {
	k := newKeeper(t)
	k.pass = "secret"
	_, text := k.send(exitError, value, "secret", "set", "a", "--file")
	wantWords(t, text, "6 bytes", "8 or more", "do: ")
	if _, err := os.Stat(filepath.Join(k.home, "secrets.age")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	_, text = k.send(exitError, "", "secret", "remove", "a")
	wantWords(t, text, `no secret "a"`, "do: ")
}

func TestTwoDataFoldersDoNotShareTheirSecrets(t *testing.T) {
	k := newKeeper(t)
	other := filepath.Join(t.TempDir(), "other")
	k.send(exitOK, "one", "secret", "set", "a")
	k.send(exitOK, "two", "secret", "set", "a", "--home", other)
	if k.get("a") != "one" || len(k.keys.values) != 2 {
		t.Errorf("a is %q, the key store has %d values", k.get("a"), len(k.keys.values))
	}
}

func TestSecretsSetAtTheSameTimeAreAllKept(t *testing.T) {
	k := newKeeper(t)
	done := make(chan error)
	const n = 6
	for i := range n {
		go func() {
			s := k.store(k.home)
			s.fileOnly = true
			_, err := s.Set(t.Context(), fmt.Sprintf("s%d", i), lab.NewSecret(fmt.Sprint("v", i)))
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	for i := range n {
		if got := k.get(fmt.Sprintf("s%d", i)); got != fmt.Sprint("v", i) {
			t.Errorf("s%d is %q", i, got)
		}
	}
}

func TestTheSystemsKeyStoreIsAskedThroughTheLibrary(t *testing.T) {
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere") // so that a headless machine gets as far as the library's own mock
	keyring.MockInit()
	keys := systemKeys{}
	if err := keys.Set(t.Context(), "loci test", "a", value); err != nil {
		t.Fatal(err)
	}
	if got, err := keys.Get(t.Context(), "loci test", "a"); got != value || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := keys.Delete(t.Context(), "loci test", "a"); err != nil {
		t.Error(err)
	}
	if _, err := keys.Get(t.Context(), "loci test", "a"); !errors.Is(err, keyring.ErrNotFound) {
		t.Error(err)
	}
}

func FuzzSecretIndex(f *testing.F) {
	f.Add([]byte(`{"version":1,"folder":"x","kept":{"a":"key store","b":"encrypted file"}}`))
	f.Add([]byte(`{"version":1,"folder":"x"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		x, err := parseSecretIndex("f", text)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid || lab.HintOf(err) == "" {
				t.Fatalf("%v without code or hint", err)
			}
			return
		}
		path := filepath.Join(t.TempDir(), "f")
		if err := x.with("new", inFile).with("new", "").write(path); err != nil {
			t.Fatal(err)
		}
		if _, err := readSecretIndex(path); err != nil {
			t.Fatalf("%s was read and is refused when written back: %v", text, err)
		}
	})
}
