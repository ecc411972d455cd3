package web

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/target"
)

// SecretKeeper keeps secrets for pages. It asks nobody at a terminal: where a passphrase is wanted and not known, it says Unavailable.
type SecretKeeper interface {
	lab.Secrets
	// File tells the state of the encrypted file: none, locked, open.
	File() string
	// Unlock tries the passphrase of the encrypted file and remembers it; where there is no file yet, the next one is made with it.
	Unlock(ctx context.Context, passphrase lab.Secret) error
	// Used tells when each secret was last taken by a run or a test, as far as it is known.
	Used(ctx context.Context) (map[string]time.Time, error)
}

func (s *Server) keeper() (SecretKeeper, error) {
	if s.cfg.Secrets == nil {
		return nil, lab.Errorf(lab.Unavailable, "this server keeps no secrets").WithHint("open Loci with `loci open`")
	}
	return s.cfg.Secrets, nil
}

func (s *Server) secrets(r *http.Request) (any, error) {
	keep, err := s.keeper()
	if err != nil {
		return nil, err
	}
	return s.secretsPage(r.Context(), keep)
}

func (s *Server) secretsPage(ctx context.Context, keep SecretKeeper) (SecretsPage, error) {
	page := SecretsPage{Secrets: []SecretRow{}, Missing: []SecretRow{}, File: keep.File()}
	kept, err := keep.List(ctx)
	if err != nil {
		return page, err
	}
	used, err := keep.Used(ctx)
	if err != nil {
		return page, err
	}
	users, err := s.secretUsers()
	if err != nil {
		return page, err
	}
	for _, k := range kept {
		row := SecretRow{Name: k.Name, Kept: k.Kept, Targets: append([]string{}, users[k.Name]...), UsedMS: millis(used[k.Name])}
		page.Secrets = append(page.Secrets, row)
		delete(users, k.Name)
	}
	for name, targets := range users {
		page.Missing = append(page.Missing, SecretRow{Name: name, Targets: targets})
	}
	slices.SortFunc(page.Missing, func(a, b SecretRow) int { return strings.Compare(a.Name, b.Name) })
	return page, nil
}

// secretUsers returns the names of the targets that use each secret.
func (s *Server) secretUsers() (map[string][]string, error) {
	users := map[string][]string{}
	if s.cfg.TargetFile == "" {
		return users, nil
	}
	all, err := target.Read(s.cfg.TargetFile)
	for _, f := range all.Forms() {
		if name := f.Values["secret"]; name != "" {
			users[name] = append(users[name], f.Name)
		}
	}
	return users, err
}

// decodeSecret reads a request that may hold a value. Unlike decode, its errors repeat nothing of it.
func decodeSecret(r *http.Request) (SecretChange, error) {
	var c SecretChange
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	if err != nil {
		return SecretChange{}, lab.Errorf(lab.Invalid, "the request is not understood").WithHint("reload the page and type the value again")
	}
	return c, nil
}

func (s *Server) changeSecret(r *http.Request) (any, error) {
	keep, err := s.keeper()
	if err != nil {
		return nil, err
	}
	c, err := decodeSecret(r)
	if err != nil {
		return nil, err
	}
	ctx := r.Context()
	if c.Passphrase != "" {
		if err := keep.Unlock(ctx, lab.NewSecret(c.Passphrase)); err != nil {
			return nil, err
		}
	}
	switch verb := r.PathValue("verb"); verb {
	case "set":
		_, err = keep.Set(ctx, c.Name, lab.NewSecret(c.Value))
	case "remove":
		err = keep.Remove(ctx, c.Name)
	case "unlock":
		if c.Passphrase == "" {
			err = lab.Errorf(lab.Invalid, "no passphrase was given").WithHint("type the passphrase that the file was made with")
		}
	default:
		err = lab.Errorf(lab.NotFound, "%.40q is nothing that can be done with a secret, want one of set, remove, unlock", verb).WithHint("reload the page")
	}
	if err != nil {
		return nil, err
	}
	return s.secretsPage(ctx, keep)
}
