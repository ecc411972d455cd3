package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/loci-lab/loci/backend/run"
)

const (
	lineBytes = 32 << 10 // of a record in a line
	lineEvery = time.Second
)

// lines print records as lines of text, for places that keep nothing of a run but what it printed:
//
//	loci-record KEY OFFSET BASE64
//
// Each line carries bytes of one record, in order.
type lines struct {
	out  io.Writer
	dir  string
	sent map[string]int64 // bytes of each record, by key
}

// follow prints what the records grow by, until the function that it returns is called; that prints the rest.
func (l *lines) follow(o run.Order) (end func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(lineEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				l.print(o)
				return
			case <-tick.C:
				l.print(o)
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// print tells what is new. What cannot be read now is told the next time.
func (l *lines) print(o run.Order) {
	for _, r := range o.Runs {
		if f, err := os.Open(filepath.Join(l.dir, r.Key, run.RecordFile)); err == nil {
			l.rest(r.Key, f)
			_ = f.Close() // opened for reading
		}
	}
}

func (l *lines) rest(key string, f io.ReaderAt) {
	b := make([]byte, lineBytes)
	for {
		n, err := f.ReadAt(b, l.sent[key])
		if n > 0 {
			fmt.Fprintf(l.out, "loci-record %s %d %s\n", key, l.sent[key], base64.StdEncoding.EncodeToString(b[:n]))
			l.sent[key] += int64(n)
		}
		if err != nil {
			return
		}
	}
}
