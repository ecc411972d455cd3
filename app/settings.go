package app

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/settings"
	"github.com/loci-lab/loci/backend/store"
)

// keptSettings keeps settings in the library.
type keptSettings struct{ store *store.Store }

func (s keptSettings) Rows(ctx context.Context) ([]settings.Row, error) {
	kept, err := s.store.FindSettings(ctx)
	rows := make([]settings.Row, len(kept))
	for i, k := range kept {
		rows[i] = settings.Row{Name: k.Name, Value: k.Value, Changed: k.Changed}
	}
	return rows, err
}

func (s keptSettings) Put(ctx context.Context, name string, value json.RawMessage) error {
	return s.store.UpdateSetting(ctx, name, value)
}

func (s keptSettings) Drop(ctx context.Context, name string) error {
	return s.store.DeleteSetting(ctx, name)
}

// openSettings reads the settings of the data folder and tells once of those that were put aside.
func openSettings(ctx context.Context, s *store.Store, tell io.Writer) (*settings.Book, error) {
	book, err := settings.Open(ctx, keptSettings{s})
	if err != nil {
		return nil, err
	}
	for _, said := range book.Aside() {
		fmt.Fprintf(tell, "Note: %s.\n", said)
	}
	return book, nil
}

// takeSettings fills in what neither the command line nor the environment said.
func (c *cli) takeSettings(book *settings.Book) {
	said := func(name string) bool {
		return c.flags != nil && c.flags.Changed(name)
	}
	if !said("jobs") {
		c.cfg.Jobs = int(book.Number(settings.Jobs))
	}
	if !said("threads") {
		c.cfg.Threads = int(book.Number(settings.Threads))
	}
	if mb := book.Number(settings.Memory); mb > 0 {
		debug.SetMemoryLimit(int64(mb) << 20)
	}
}

// capped gives endpoints with prices and without a limit of their own the limit of the settings.
func capped(find func(name string) (lab.Endpoint, error), book *settings.Book) func(name string) (lab.Endpoint, error) {
	return func(name string) (lab.Endpoint, error) {
		e, err := find(name)
		if most := book.Number(settings.Dollars); err == nil && e.Dollars == 0 && e.Prices != [2]float64{} {
			e.Dollars = most
		}
		return e, err
	}
}

func (e *env) diskFree() (int64, error) {
	_, free, err := disk(e.cfg.Home)
	return free, err
}

// diskFloor is the least free space, in bytes.
func diskFloor(book *settings.Book) func() int64 {
	return func() int64 { return int64(book.Number(settings.FreeDisk) * 1e9) }
}
