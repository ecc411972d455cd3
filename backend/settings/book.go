package settings

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/loci-lab/loci/backend/lab"
)

// Row is a value as the library keeps it.
type Row struct {
	Name    string
	Value   json.RawMessage
	Changed time.Time
}

// Shelf keeps the rows; a library fulfils it.
type Shelf interface {
	Rows(ctx context.Context) ([]Row, error)
	Put(ctx context.Context, name string, value json.RawMessage) error
	Drop(ctx context.Context, name string) error // not-found where there is none
}

// aside is what the name of a row begins with that was found broken and put aside.
const aside = "aside."

// Book holds the values of all settings. Several goroutines may use it.
type Book struct {
	shelf Shelf

	mu     sync.Mutex
	values map[string]Row // those that differ from the default
	aside  []string       // what was put aside when the book was opened, in words
}

// Open reads the values. A row whose value is not legal is put aside under another name, its setting has its default, and Aside says so.
func Open(ctx context.Context, shelf Shelf) (*Book, error) {
	rows, err := shelf.Rows(ctx)
	if err != nil {
		return nil, err
	}
	b := &Book{shelf: shelf, values: map[string]Row{}}
	for _, r := range rows {
		s, err := Find(r.Name)
		if err != nil {
			continue // another part of the program keeps it, or another version does
		}
		if err := s.Check(r.Value); err != nil {
			if err := b.putAside(ctx, s, r); err != nil {
				return nil, err
			}
			continue
		}
		b.values[r.Name] = r
	}
	return b, nil
}

// Defaults is a book in which every setting has its default and nothing can be changed.
func Defaults() *Book { return &Book{values: map[string]Row{}} }

// fixed is the error of a book that nothing keeps.
func (b *Book) fixed() error {
	if b.shelf != nil {
		return nil
	}
	return lab.Errorf(lab.Unavailable, "nothing keeps the settings here").WithHint("open Loci with `loci open`")
}

func (b *Book) putAside(ctx context.Context, s Setting, r Row) error {
	name := aside + r.Name
	if err := b.shelf.Put(ctx, name, r.Value); err != nil {
		return err
	}
	if err := b.shelf.Drop(ctx, r.Name); err != nil {
		return err
	}
	b.aside = append(b.aside, fmt.Sprintf("setting %s was %.60s, which it cannot be; it was put aside as %s, and %s is used", r.Name, r.Value, name, s.Say(s.Default)))
	return nil
}

// Aside tells what was put aside by Open, one sentence each.
func (b *Book) Aside() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string{}, b.aside...)
}

// Value returns the value of a setting, its default where nothing was set, and when it was set.
func (b *Book) Value(name string) (value json.RawMessage, changed time.Time) {
	b.mu.Lock()
	r, ok := b.values[name]
	b.mu.Unlock()
	if ok {
		return r.Value, r.Changed
	}
	s, err := Find(name)
	if err != nil {
		return json.RawMessage("null"), time.Time{}
	}
	return s.Default, time.Time{}
}

// Set gives a setting a new value; an illegal one is refused and the old one stays.
func (b *Book) Set(ctx context.Context, name string, value json.RawMessage, now time.Time) error {
	s, err := Find(name)
	if err != nil {
		return err
	}
	if err := s.Check(value); err != nil {
		return err
	}
	if err := b.fixed(); err != nil {
		return err
	}
	if err := b.shelf.Put(ctx, name, value); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.values[name] = Row{Name: name, Value: value, Changed: now}
	return nil
}

// Reset gives a setting its default again; "" resets all.
func (b *Book) Reset(ctx context.Context, name string) error {
	names := []string{name}
	if name == "" {
		names = nil
		for _, s := range All() {
			names = append(names, s.Name)
		}
	} else if _, err := Find(name); err != nil {
		return err
	}
	if err := b.fixed(); err != nil {
		return err
	}
	for _, n := range names {
		if err := b.shelf.Drop(ctx, n); err != nil && lab.CodeOf(err) != lab.NotFound {
			return err
		}
		b.mu.Lock()
		delete(b.values, n)
		b.mu.Unlock()
	}
	return nil
}

// Number is the value of a setting of kind Whole or Number.
func (b *Book) Number(name string) float64 { return read[float64](b, name) }

// Text is the value of a choice.
func (b *Book) Text(name string) string { return read[string](b, name) }

// On is the value of a switch.
func (b *Book) On(name string) bool { return read[bool](b, name) }

func read[T any](b *Book, name string) T {
	var v T
	value, _ := b.Value(name)
	_ = json.Unmarshal(value, &v) // every value of the book was checked
	return v
}
