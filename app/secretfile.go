package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"filippo.io/age"

	"github.com/loci-lab/loci/backend/file"
	"github.com/loci-lab/loci/backend/lab"
)

const (
	secretFormat     = 1       // of the encrypted file and of the list of names
	secretFileLimit  = 4 << 20 // bytes; more is no file of ours
	passphraseLength = 8       // bytes at least
	scryptWork       = 18      // log2 of scrypt's cost: about a second for each guess
	scryptWorkLimit  = 20      // a file that asks for more was not written by us and would stall the reader
)

// secretFile keeps values in a file encrypted with a passphrase: age with its scrypt recipient.
type secretFile struct {
	path string
	work int // log2 of scrypt's cost
	// ask returns the passphrase; fresh when there is no file yet, so that a slip of the finger locks nobody out.
	ask func(ctx context.Context, fresh bool) (lab.Secret, error)

	mu   sync.Mutex
	pass lab.Secret // that opened or made the file, so that nobody is asked twice
}

// secretText is what is encrypted.
type secretText struct {
	Version int               `json:"version"`
	Secrets map[string]string `json:"secrets"`
}

// read returns the values, none where there is no file.
func (f *secretFile) read(ctx context.Context) (values map[string]string, err error) {
	sealed, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, secretFileError("read", f.path, err)
	}
	err = f.withPass(ctx, false, func(pass lab.Secret) (err error) { values, err = f.open(sealed, pass); return err })
	return values, err
}

// withPass does f with the passphrase and remembers one that worked.
func (f *secretFile) withPass(ctx context.Context, fresh bool, do func(lab.Secret) error) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	pass := f.pass
	if pass.Empty() {
		if pass, err = f.ask(ctx, fresh); err != nil {
			return err
		}
	}
	if err := do(pass); err != nil {
		return err
	}
	f.pass = pass
	return nil
}

// opened tells whether a passphrase is known that worked or that a new file will be made with.
func (f *secretFile) opened() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.pass.Empty()
}

// unlock tries a passphrase on the file and remembers it; where there is no file, the next one is made with it.
func (f *secretFile) unlock(pass lab.Secret) error {
	sealed, err := os.ReadFile(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := checkPassphrase(pass); err != nil {
			return err
		}
	case err != nil:
		return secretFileError("read", f.path, err)
	default:
		if _, err := f.open(sealed, pass); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass = pass
	return nil
}

// checkPassphrase wants one that is long enough for a new file.
func checkPassphrase(pass lab.Secret) error {
	if n := len(pass.Reveal()); n < passphraseLength {
		return lab.Errorf(lab.Invalid, "the passphrase has %d bytes, want %d or more", n, passphraseLength).WithHint("choose four words that do not belong together")
	}
	return nil
}

func (f *secretFile) open(sealed []byte, pass lab.Secret) (map[string]string, error) {
	id, err := age.NewScryptIdentity(pass.Reveal())
	if err != nil {
		return nil, lab.Errorf(lab.Invalid, "the passphrase cannot be used: %w", err).WithHint("set LOCI_PASSPHRASE, or leave it unset to be asked")
	}
	id.SetMaxWorkFactor(scryptWorkLimit)
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if _, ok := errors.AsType[*age.NoIdentityMatchError](err); ok {
		return nil, lab.Errorf(lab.Invalid, "the passphrase does not open %q", f.path).
			WithHint("try again with the passphrase the file was made with; if it is lost, move the file away and set its secrets again")
	}
	if err != nil {
		return nil, f.damaged(err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, secretFileLimit))
	if err != nil {
		return nil, f.damaged(err)
	}
	text := secretText{}
	if err := json.Unmarshal(plain, &text); err != nil {
		return nil, f.damaged(errors.New("its text is no JSON")) // the decoder's own words may hold part of a value
	}
	if text.Version != secretFormat || text.Secrets == nil {
		return nil, lab.Errorf(lab.Invalid, "%q has format %d, want %d", f.path, text.Version, secretFormat).WithHint("use the version of Loci that wrote it")
	}
	return text.Secrets, nil
}

func (f *secretFile) damaged(err error) error {
	return lab.Errorf(lab.Invalid, "%q is damaged and was left as it is: %v", f.path, err).
		WithHint("put it back from a copy, or move it away and set its secrets again")
}

// write puts these values in place of the file, encrypted; on any error the old file stays.
func (f *secretFile) write(ctx context.Context, values map[string]string) error {
	return f.withPass(ctx, true, func(pass lab.Secret) error {
		if err := checkPassphrase(pass); err != nil {
			return err
		}
		sealed, err := seal(secretText{secretFormat, values}, pass, f.work)
		if err != nil {
			return lab.Errorf(lab.Internal, "the secrets cannot be encrypted: %w", err)
		}
		if len(sealed) > secretFileLimit {
			return lab.Errorf(lab.Budget, "%q would have %d bytes, want at most %d", f.path, len(sealed), secretFileLimit).WithHint("remove a secret")
		}
		if err := file.Replace(f.path, sealed, 0o600); err != nil {
			return secretFileError("written", f.path, err)
		}
		return nil
	})
}

func seal(text secretText, pass lab.Secret, work int) ([]byte, error) {
	plain, err := json.Marshal(text)
	if err != nil {
		return nil, errors.New("they are no JSON")
	}
	to, err := age.NewScryptRecipient(pass.Reveal())
	if err != nil {
		return nil, err
	}
	to.SetWorkFactor(work)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	err = w.Close() // the last block is written here
	return sealed.Bytes(), err
}

func secretFileError(done, path string, err error) error {
	e := lab.Errorf(lab.Unavailable, "%q cannot be %s: %w", path, done, err)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EFBIG), errors.Is(err, syscall.EDQUOT):
		e.Msg = fmt.Sprintf("no space is left for %q, which stays as it was: %v", path, err)
		return e.WithHint("free space on the disk and try again")
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return e.WithHint("allow this account to read and write there, or choose another data folder with LOCI_HOME")
	}
	return e.WithHint("check the disk and try again")
}
