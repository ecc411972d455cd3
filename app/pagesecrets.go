package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/store"
)

// usedSecrets is the setting that keeps when each secret was last taken.
const usedSecrets = "secrets.used"

// pageSecrets are the secrets as pages reach them: nobody is asked at a terminal, which the person at the page may not see.
type pageSecrets struct {
	*secretStore
	store *store.Store
}

// unasked marks the context of work whose person sits at a page.
type unasked struct{}

func (p pageSecrets) quiet(ctx context.Context) context.Context {
	return context.WithValue(ctx, unasked{}, true)
}

// askedAtPage is the error in place of a question at the terminal; nil where the terminal may be used.
func askedAtPage(ctx context.Context, fresh bool) error {
	if ctx.Value(unasked{}) == nil {
		return nil
	}
	if fresh {
		return lab.Errorf(lab.Unavailable, "there is no key store here, and the encrypted file wants a passphrase to be made with").
			WithHint("choose a passphrase of %d or more characters; it is not kept anywhere", passphraseLength)
	}
	return lab.Errorf(lab.Unavailable, "the encrypted file of secrets is locked").
		WithHint("type its passphrase under Settings, Secrets, or start Loci with %s set", passphraseVariable)
}

func (p pageSecrets) Get(ctx context.Context, name string) (lab.Secret, error) {
	return p.secretStore.Get(p.quiet(ctx), name)
}

func (p pageSecrets) Set(ctx context.Context, name string, value lab.Secret) (lab.KeptSecret, error) {
	return p.secretStore.Set(p.quiet(ctx), name, value)
}

func (p pageSecrets) Remove(ctx context.Context, name string) error {
	return p.secretStore.Remove(p.quiet(ctx), name)
}

// File tells the state of the encrypted file.
func (p pageSecrets) File() string {
	if _, err := os.Stat(p.file.path); errors.Is(err, fs.ErrNotExist) {
		return "none"
	}
	if p.file.opened() || os.Getenv(passphraseVariable) != "" {
		return "open"
	}
	return "locked"
}

// Unlock tries a passphrase and remembers it until the program ends.
func (p pageSecrets) Unlock(_ context.Context, pass lab.Secret) error { return p.file.unlock(pass) }

// Used tells when secrets were last taken.
func (p pageSecrets) Used(ctx context.Context) (map[string]time.Time, error) {
	kept := map[string]int64{}
	err := p.store.FindSetting(ctx, usedSecrets, &kept)
	if err != nil && lab.CodeOf(err) != lab.NotFound {
		return nil, err
	}
	used := map[string]time.Time{}
	for name, at := range kept {
		used[name] = time.UnixMilli(at)
	}
	return used, nil
}

// notedSecrets are the secrets as runs and tests take them, noting when.
type notedSecrets struct {
	lab.Secrets
	store *store.Store
}

func (n notedSecrets) Get(ctx context.Context, name string) (lab.Secret, error) {
	value, err := n.Secrets.Get(ctx, name)
	if err != nil {
		return value, err
	}
	used := map[string]int64{}
	_ = n.store.FindSetting(ctx, usedSecrets, &used) // a note that cannot be read is begun anew
	used[name] = time.Now().UnixMilli()
	_ = n.store.UpdateSetting(ctx, usedSecrets, used) // the secret counts, the note is a convenience
	return value, nil
}
