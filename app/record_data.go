package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/world/dataset"
)

// testDataVariable names a folder with real data for tests.
const testDataVariable = "LOCI_TEST_DATA"

// dataRead are the real data that the runs of a plan read.
func (e *env) dataRead(plan sched.Plan) (all []recordedData, err error) {
	for _, r := range plan.Runs {
		for _, name := range r.Setup.Data() {
			if slices.ContainsFunc(all, func(d recordedData) bool { return d.Name == name }) {
				continue
			}
			f, err := e.owner.Bench.Data(name)
			if err != nil {
				return nil, err
			}
			all = append(all, recordedData{Name: name, Layout: f.Layout, Hash: f.Hash})
		}
	}
	return all, nil
}

// lend copies the data that results were recorded on into the data folder in which they are to be made again: from this data folder, or
// from the folder that LOCI_TEST_DATA names. It returns what is missing, in words; "" when all are there. Data of another content are
// other data.
func (c *cli) lend(to dataStore, wanted []recordedData) (missing string) {
	for _, d := range wanted {
		text, ok := c.whole(d)
		if !ok {
			return fmt.Sprintf("data %q (layout %s, hash %.12s; %s names a folder that may hold them)", d.Name, d.Layout, d.Hash, testDataVariable)
		}
		if _, err := to.add(dataAbout{Name: d.Name, Layout: d.Layout, Original: d.Name + ".json", Summary: []byte("{}")}, text, true); err != nil {
			return err.Error()
		}
	}
	return ""
}

// whole finds the bytes of recorded data by their hash.
func (c *cli) whole(d recordedData) ([]byte, bool) {
	for _, name := range c.data().names() {
		f, err := c.data().find(name)
		if err != nil || f.Hash != d.Hash {
			continue
		}
		if text, err := dataset.Read(lab.DataFile{Name: f.Name, Layout: f.Layout, Path: f.Path, Hash: f.Hash}); err == nil {
			return text, true
		}
	}
	dir := os.Getenv(testDataVariable)
	if dir == "" {
		return nil, false
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, false
	}
	for _, f := range files {
		if at, err := f.Info(); err != nil || !at.Mode().IsRegular() || at.Size() > dataset.Limit {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, f.Name())); err == nil && dataset.Hash(text) == d.Hash {
			return text, true
		}
	}
	return nil, false
}
