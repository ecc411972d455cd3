package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/loci-lab/loci/backend/lab"
)

// keyStore keeps values for this account outside of Loci. A value that is not there is keyring.ErrNotFound.
type keyStore interface {
	Get(ctx context.Context, service, name string) (string, error)
	Set(ctx context.Context, service, name, value string) error
	Delete(ctx context.Context, service, name string) error
}

// keyStorePatience is how long the system may ask its user before the key store counts as out of reach.
const keyStorePatience = time.Minute

// systemKeys is the key store of this system: Secret Service, macOS keychain, Windows credential manager.
type systemKeys struct{}

func (systemKeys) Get(ctx context.Context, service, name string) (value string, err error) {
	got := ""
	err = askSystem(ctx, func() (err error) { got, err = keyring.Get(service, name); return err })
	if err != nil {
		return "", err // got may still be written to
	}
	return got, nil
}

func (systemKeys) Set(ctx context.Context, service, name, value string) error {
	return askSystem(ctx, func() error { return keyring.Set(service, name, value) })
}

func (systemKeys) Delete(ctx context.Context, service, name string) error {
	return askSystem(ctx, func() error { return keyring.Delete(service, name) })
}

// askSystem calls the key store, which knows no context and may wait for a person for ever. A call that is given up goes on until the
// person or the end of the program answers it.
func askSystem(ctx context.Context, call func() error) error {
	if err := sessionBus(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- call() }()
	patience := time.NewTimer(keyStorePatience)
	defer patience.Stop()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return lab.Errorf(lab.Cancelled, "stopped while the key store was asked: %w", ctx.Err())
	case <-patience.C:
		return fmt.Errorf("the key store did not answer for %v", keyStorePatience)
	}
}

// sessionBus tells why there can be no Secret Service here. It is asked first because the library would start a bus of its own where
// there is none, and leave it behind.
func sessionBus() error {
	switch runtime.GOOS {
	case "darwin", "windows":
		return nil
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return nil
	}
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(fmt.Sprintf("/run/user/%d/%s", os.Getuid(), name)); err == nil {
			return nil
		}
	}
	return errors.New("no session bus: this is no desktop session")
}
