package sched

import (
	"strings"

	"github.com/loci-lab/loci/backend/lab"
)

// data is the part of a run key that stands for the real data which a set-up reads: their hashes, "" where it reads none. Data of
// another content are another run. A name that was not imported is an error of code not-found.
func (o *Owner) data(setup lab.Setup) (string, error) {
	var hashes []string
	for _, name := range setup.Data() {
		if o.Bench.Data == nil {
			return "", lab.Errorf(lab.NotFound, "data %q are not here: this program keeps no data", name).WithHint("run the notebook with loci run on the computer that has the data")
		}
		f, err := o.Bench.Data(name)
		if err != nil {
			return "", err
		}
		hashes = append(hashes, f.Hash)
	}
	return strings.Join(hashes, " "), nil
}

// ready looks whether all data are here that the missing runs of a plan read.
func (o *Owner) ready(plan Plan) error {
	for _, r := range plan.Runs {
		if r.State == Done {
			continue
		}
		if _, err := o.data(r.Setup); err != nil {
			return err
		}
	}
	return nil
}
