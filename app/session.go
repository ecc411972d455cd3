package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

// A data folder has one owner. Where its pages are, and the word that lets another program of the same account ask it to open a file,
// stand in a file of the data folder that only this account can read: so a double click on a notebook opens it in the Loci that runs.

const (
	sessionFile = "session.json"
	sessionPath = "/session/open"
	sessionWait = 10 * time.Second
)

// session says where the owner of a data folder answers.
type session struct {
	Process int    `json:"process"`
	Address string `json:"address"` // http://127.0.0.1:PORT
	Word    string `json:"word"`
}

// openAsked is what another program asks; openGranted is the answer.
type openAsked struct {
	File string `json:"file"` // absolute; "" asks for the Library
}

type openGranted struct {
	Shown   bool   `json:"shown"`   // a window shows it
	Address string `json:"address"` // opens once in a browser, where no window does
}

// announce writes the session file and returns what answers there, and what takes the file away again.
func (s *server) announce(home, address string) (http.Handler, func() error, error) {
	me := session{Process: os.Getpid(), Address: address, Word: rand.Text()}
	text, err := json.Marshal(me)
	if err != nil {
		return nil, nil, lab.Errorf(lab.Internal, "session: %w", err)
	}
	at := filepath.Join(home, sessionFile)
	if err := file.Replace(at, text, 0o600); err != nil {
		return nil, nil, lab.Errorf(lab.Unavailable, "%q cannot be written: %w", at, err).WithHint("free space or make the folder writable")
	}
	answer := func(w http.ResponseWriter, r *http.Request) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), []byte("Bearer "+me.Word)) != 1 {
			http.Error(w, "not allowed", http.StatusForbidden)
			return
		}
		var ask openAsked
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&ask); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		granted, err := s.grant(ask)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(granted)
	}
	return http.HandlerFunc(answer), func() error { return os.Remove(at) }, nil
}

// grant opens a file for another program: in the window where there is one.
func (s *server) grant(ask openAsked) (openGranted, error) {
	to := ""
	if ask.File != "" {
		path, err := s.web.Open(ask.File)
		if err != nil {
			return openGranted{}, err
		}
		to = "/notebook?path=" + url.QueryEscape(path)
	}
	if s.show != nil {
		s.show(to)
		return openGranted{Shown: true}, nil
	}
	return openGranted{Address: s.login(to)}, nil
}

// handToRunning asks the Loci that owns the data folder to open the file. refused is why this process cannot own the folder: it comes
// back where nobody answers.
func (c *cli) handToRunning(ctx context.Context, f openFlags, refused error) error {
	text, err := os.ReadFile(filepath.Join(c.cfg.Home, sessionFile))
	var there session
	if err != nil || json.Unmarshal(text, &there) != nil {
		return refused
	}
	ask := openAsked{}
	if f.file != "" {
		if ask.File, err = filepath.Abs(f.file); err != nil {
			return lab.Errorf(lab.Invalid, "notebook %q is no path: %w", f.file, err)
		}
	}
	granted, err := there.open(ctx, ask)
	switch {
	case errors.Is(err, errNobody):
		return refused
	case err != nil:
		return lab.Errorf(lab.Invalid, "the Loci that runs already (process %d) cannot open %q: %w", there.Process, f.file, err).
			WithHint("mend the file, or name another")
	}
	fmt.Fprintf(c.err, "Loci runs already (process %d) and opens it.\n", there.Process)
	if granted.Shown {
		return nil
	}
	fmt.Fprintf(c.err, "Loci is at %s\n", granted.Address)
	if !f.nothing {
		browse(c, granted.Address)
	}
	return nil
}

// errNobody says that no process answers for the session.
var errNobody = errors.New("nobody answers")

func (s session) open(ctx context.Context, ask openAsked) (granted openGranted, err error) {
	body, err := json.Marshal(ask)
	if err != nil {
		return granted, err
	}
	ctx, cancel := context.WithTimeout(ctx, sessionWait)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.Address+sessionPath, bytes.NewReader(body))
	if err != nil {
		return granted, errNobody
	}
	r.Header.Set("Authorization", "Bearer "+s.Word)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return granted, errNobody
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		var why bytes.Buffer
		_, _ = why.ReadFrom(http.MaxBytesReader(nil, res.Body, 1<<16))
		if res.StatusCode == http.StatusForbidden {
			return granted, errNobody
		}
		return granted, errors.New(string(bytes.TrimSpace(why.Bytes())))
	}
	return granted, json.NewDecoder(res.Body).Decode(&granted)
}
