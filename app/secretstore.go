package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"github.com/zalando/go-keyring"

	"github.com/loci-lab/loci/backend/lab"
)

const (
	secretLimit        = 64 << 10 // bytes of one value
	secretLockPatience = 30 * time.Second
	secretLockPoll     = 20 * time.Millisecond
)

// secretStore keeps secrets in the system's key store and, where there is none, in an encrypted file of the data folder.
type secretStore struct {
	home     string
	keys     keyStore
	file     secretFile
	fileOnly bool             // values that are set go into the file
	notice   func(why string) // is told why a value went into the file all the same
}

// newSecretStore keeps secrets for that data folder. ask asks a person for the passphrase of the file.
func newSecretStore(home string, keys keyStore, ask func(ctx context.Context, fresh bool) (lab.Secret, error)) *secretStore {
	return &secretStore{home: home, keys: keys, notice: func(string) {},
		file: secretFile{path: filepath.Join(home, "secrets.age"), work: scryptWork, ask: ask}}
}

func (s *secretStore) indexPath() string { return filepath.Join(s.home, "secrets.json") }

// locked does f while no other process changes the secrets of this data folder.
func (s *secretStore) locked(ctx context.Context, f func() error) error {
	if err := os.MkdirAll(s.home, 0o755); err != nil {
		return secretFileError("made", s.home, err)
	}
	path := filepath.Join(s.home, "secrets.lock")
	l := flock.New(path, flock.SetPermissions(0o600))
	wait, cancel := context.WithTimeout(ctx, secretLockPatience)
	defer cancel()
	if _, err := l.TryLockContext(wait, secretLockPoll); err != nil {
		switch {
		case ctx.Err() != nil:
			return lab.Errorf(lab.Cancelled, "stopped while another process changed the secrets: %w", ctx.Err())
		case wait.Err() != nil:
			return lab.Errorf(lab.Conflict, "another process has kept %q for %v", path, secretLockPatience).WithHint("answer or end the other `loci secret`, then try again")
		}
		return secretFileError("locked", path, err)
	}
	return errors.Join(f(), l.Close())
}

// Set keeps a value. A name that lies in the file stays there, so that no older value of it is left behind.
func (s *secretStore) Set(ctx context.Context, name string, value lab.Secret) (kept lab.KeptSecret, err error) {
	if err := errors.Join(lab.CheckSecretName(name), checkSecretValue(value)); err != nil {
		return kept, err
	}
	err = s.locked(ctx, func() error {
		old, err := readSecretIndex(s.indexPath())
		if err != nil {
			return err
		}
		kept, err = s.set(ctx, old, name, value)
		if err != nil {
			_ = old.write(s.indexPath()) // the name lies where it lay; should the disk refuse, too, Get says that it has no value
		}
		return err
	})
	return kept, err
}

func checkSecretValue(value lab.Secret) error {
	switch n := len(value.Reveal()); {
	case n == 0:
		return lab.Errorf(lab.Invalid, "the value is empty").WithHint("type it at the prompt, or send it to standard input")
	case n > secretLimit:
		return lab.Errorf(lab.Invalid, "the value has more than %d bytes", secretLimit).WithHint("keep a shorter key")
	case strings.ContainsRune(value.Reveal(), 0):
		return lab.Errorf(lab.Invalid, "the value has a zero byte").WithHint("send text, not a binary file")
	}
	return nil
}

// set writes the name first and then the value: a name without a value can be removed, a value without a name would never be found.
func (s *secretStore) set(ctx context.Context, old *secretIndex, name string, value lab.Secret) (lab.KeptSecret, error) {
	was := old.Kept[name]
	if !s.fileOnly && was != inFile {
		if err := old.with(name, inKeyStore).write(s.indexPath()); err != nil {
			return lab.KeptSecret{}, err
		}
		err := s.keys.Set(ctx, service(old), name, value.Reveal())
		if err == nil {
			return lab.KeptSecret{Name: name, Kept: inKeyStore}, nil
		}
		if ctx.Err() != nil {
			return lab.KeptSecret{}, lab.Errorf(lab.Cancelled, "stopped while the key store was asked: %w", ctx.Err())
		}
		s.notice(fmt.Sprintf("no key store could be used (%v)", withoutValue(err, value)))
	}
	if err := old.with(name, inFile).write(s.indexPath()); err != nil {
		return lab.KeptSecret{}, err
	}
	if err := s.changeFile(ctx, func(values map[string]string) { values[name] = value.Reveal() }); err != nil {
		return lab.KeptSecret{}, err
	}
	if was == inKeyStore {
		if err := s.keys.Delete(ctx, service(old), name); err != nil && !errors.Is(err, keyring.ErrNotFound) {
			s.notice(fmt.Sprintf("the older value of %s is still in the key store, out of reach just now (%v)", name, err))
		}
	}
	return lab.KeptSecret{Name: name, Kept: inFile}, nil
}

// withoutValue is the text of an error of somebody else's code, with the value taken out should it be in there.
func withoutValue(err error, value lab.Secret) string {
	return strings.ReplaceAll(err.Error(), value.Reveal(), fmt.Sprint(value))
}

// service is the name under which the key store keeps the values of this data folder.
func service(x *secretIndex) string { return "loci " + x.Folder }

func (s *secretStore) changeFile(ctx context.Context, change func(values map[string]string)) error {
	values, err := s.file.read(ctx)
	if err != nil {
		return err
	}
	change(values)
	return s.file.write(ctx, values)
}

// Get returns a value.
func (s *secretStore) Get(ctx context.Context, name string) (lab.Secret, error) {
	if err := lab.CheckSecretName(name); err != nil {
		return lab.Secret{}, err
	}
	x, err := readSecretIndex(s.indexPath())
	if err != nil {
		return lab.Secret{}, err
	}
	value, ok := "", false
	switch x.Kept[name] {
	case "":
		return lab.Secret{}, unknownSecret(x, name)
	case inKeyStore:
		value, err = s.keys.Get(ctx, service(x), name)
		ok = err == nil
		if err != nil && !errors.Is(err, keyring.ErrNotFound) {
			return lab.Secret{}, keyStoreError(name, err)
		}
	case inFile:
		var values map[string]string
		if values, err = s.file.read(ctx); err != nil {
			return lab.Secret{}, err
		}
		value, ok = values[name]
	}
	if !ok {
		return lab.Secret{}, lab.Errorf(lab.NotFound, "the %s has no value for secret %q any more", x.Kept[name], name).WithHint("loci secret set %s", name)
	}
	return lab.NewSecret(value), nil
}

func keyStoreError(name string, err error) error {
	return lab.Errorf(lab.Unavailable, "the key store that has secret %q cannot be asked: %w", name, err).
		WithHint("log in to the desktop and unlock its key store, or keep the secret in a file: loci secret set %s --file", name)
}

func unknownSecret(x *secretIndex, name string) error {
	return lab.Errorf(lab.NotFound, "there is no secret %q, only %q", name, sortedKeys(x.Kept)).WithHint("loci secret set %s", name)
}

// List tells all names in order.
func (s *secretStore) List(context.Context) ([]lab.KeptSecret, error) {
	x, err := readSecretIndex(s.indexPath())
	if err != nil {
		return nil, err
	}
	all := make([]lab.KeptSecret, 0, len(x.Kept))
	for name, where := range x.Kept {
		all = append(all, lab.KeptSecret{Name: name, Kept: where})
	}
	slices.SortFunc(all, func(a, b lab.KeptSecret) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Remove forgets a value, then its name.
func (s *secretStore) Remove(ctx context.Context, name string) error {
	if err := lab.CheckSecretName(name); err != nil {
		return err
	}
	return s.locked(ctx, func() error {
		x, err := readSecretIndex(s.indexPath())
		if err != nil {
			return err
		}
		switch x.Kept[name] {
		case "":
			return unknownSecret(x, name).(*lab.Error).WithHint("`loci secret list` lists them")
		case inKeyStore:
			if err := s.keys.Delete(ctx, service(x), name); err != nil && !errors.Is(err, keyring.ErrNotFound) {
				return keyStoreError(name, err)
			}
		case inFile:
			if err := s.removeFromFile(ctx, name); err != nil {
				return err
			}
		}
		return x.with(name, "").write(s.indexPath())
	})
}

// removeFromFile leaves no file where no value is left.
func (s *secretStore) removeFromFile(ctx context.Context, name string) error {
	values, err := s.file.read(ctx)
	if err != nil || len(values) == 0 {
		return err
	}
	delete(values, name)
	if len(values) > 0 {
		return s.file.write(ctx, values)
	}
	if err := os.Remove(s.file.path); err != nil {
		return secretFileError("removed", s.file.path, err)
	}
	return nil
}
