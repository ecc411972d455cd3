// Package catalog lists what a notebook can name: papers, worlds, memories and models, each a value in one slice. There is no
// registration by side effect: to add something, add a line here.
package catalog

//go:generate go run ../../build/identity

import (
	"slices"
	"sort"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/paper/delethink"
	"github.com/loci-lab/loci/backend/paper/exploitation"
	"github.com/loci-lab/loci/backend/paper/hcam"
	"github.com/loci-lab/loci/backend/paper/loop"
	"github.com/loci-lab/loci/backend/paper/mem1"
	"github.com/loci-lab/loci/backend/paper/memact"
	"github.com/loci-lab/loci/backend/paper/memalpha"
	"github.com/loci-lab/loci/backend/paper/memo"
	"github.com/loci-lab/loci/backend/paper/memorygraft"
	"github.com/loci-lab/loci/backend/paper/memoryr1"
	"github.com/loci-lab/loci/backend/paper/memoryrewriting"
	"github.com/loci-lab/loci/backend/paper/memoryrplus"
	"github.com/loci-lab/loci/backend/paper/memoryvla"
	"github.com/loci-lab/loci/backend/paper/memrl"
	"github.com/loci-lab/loci/backend/paper/modelbasedgeneralization"
	"github.com/loci-lab/loci/backend/paper/oer"
	"github.com/loci-lab/loci/backend/paper/offlinehistories"
	"github.com/loci-lab/loci/backend/paper/popgym"
	"github.com/loci-lab/loci/backend/paper/rarl"
	"github.com/loci-lab/loci/backend/paper/reasoningbank"
	"github.com/loci-lab/loci/backend/paper/reme"
	"github.com/loci-lab/loci/backend/paper/slearl"
	"github.com/loci-lab/loci/backend/paper/spatiallyawaretransformer"
	"github.com/loci-lab/loci/backend/paper/srl"
	"github.com/loci-lab/loci/backend/paper/textmemory"
	"github.com/loci-lab/loci/backend/paper/wmar"
	"github.com/loci-lab/loci/backend/schema"
	"github.com/loci-lab/loci/backend/trainer/base"
)

// Paper is one system of the literature that runs here.
type Paper struct {
	Card     lab.Card
	Sections []schema.Section
	// New makes the method that a resolved set-up describes. The seed decides every random number of it.
	New func(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error)
	// Base is the warm start of a set-up, shared by all runs that name the same; nil where the paper, or the set-up, has none.
	Base func(setup lab.Setup, bench lab.Bench) (*base.Maker, error)
	// Folder is the package's folder below backend/.
	Folder string
}

// Papers lists all papers, in the order of the Library.
func Papers() []Paper {
	return []Paper{
		{Card: memoryrewriting.Card(), Sections: memoryrewriting.Sections(), New: memoryrewriting.New, Folder: "paper/memoryrewriting"},
		{Card: delethink.Card(), Sections: delethink.Sections(), New: delethink.New, Base: delethink.Base, Folder: "paper/delethink"},
		{Card: memoryrplus.Card(), Sections: memoryrplus.Sections(), New: memoryrplus.New, Base: memoryrplus.Base, Folder: "paper/memoryrplus"},
		{Card: memrl.Card(), Sections: memrl.Sections(), New: memrl.New, Base: memrl.Base, Folder: "paper/memrl"},
		{Card: reme.Card(), Sections: reme.Sections(), New: reme.New, Base: reme.Base, Folder: "paper/reme"},
		{Card: slearl.Card(), Sections: slearl.Sections(), New: slearl.New, Base: slearl.Base, Folder: "paper/slearl"},
		{Card: memoryr1.Card(), Sections: memoryr1.Sections(), New: memoryr1.New, Base: memoryr1.Base, Folder: "paper/memoryr1"},
		{Card: mem1.Card(), Sections: mem1.Sections(), New: mem1.New, Base: mem1.Base, Folder: "paper/mem1"},
		{Card: memorygraft.Card(), Sections: memorygraft.Sections(), New: memorygraft.New, Base: memorygraft.Base, Folder: "paper/memorygraft"},
		{Card: memalpha.Card(), Sections: memalpha.Sections(), New: memalpha.New, Base: memalpha.Base, Folder: "paper/memalpha"},
		{Card: memact.Card(), Sections: memact.Sections(), New: memact.New, Base: memact.Base, Folder: "paper/memact"},
		{Card: loop.Card(), Sections: loop.Sections(), New: loop.New, Base: loop.Base, Folder: "paper/loop"},
		{Card: reasoningbank.Card(), Sections: reasoningbank.Sections(), New: reasoningbank.New, Base: reasoningbank.Base, Folder: "paper/reasoningbank"},
		{Card: oer.Card(), Sections: oer.Sections(), New: oer.New, Folder: "paper/oer"},
		{Card: modelbasedgeneralization.Card(), Sections: modelbasedgeneralization.Sections(), New: modelbasedgeneralization.New,
			Folder: "paper/modelbasedgeneralization"},
		{Card: offlinehistories.Card(), Sections: offlinehistories.Sections(), New: offlinehistories.New, Folder: "paper/offlinehistories"},
		{Card: srl.Card(), Sections: srl.Sections(), New: srl.New, Folder: "paper/srl"},
		{Card: hcam.Card(), Sections: hcam.Sections(), New: hcam.New, Folder: "paper/hcam"},
		{Card: spatiallyawaretransformer.Card(), Sections: spatiallyawaretransformer.Sections(), New: spatiallyawaretransformer.New, Folder: "paper/spatiallyawaretransformer"},
		{Card: memoryvla.Card(), Sections: memoryvla.Sections(), New: memoryvla.New, Folder: "paper/memoryvla"},
		{Card: popgym.Card(), Sections: popgym.Sections(), New: popgym.New, Folder: "paper/popgym"},
		{Card: textmemory.Card(), Sections: textmemory.Sections(), New: textmemory.New, Folder: "paper/textmemory"},
		{Card: exploitation.Card(), Sections: exploitation.Sections(), New: exploitation.New, Folder: "paper/exploitation"},
		{Card: memo.Card(), Sections: memo.Sections(), New: memo.New, Folder: "paper/memo"},
		{Card: rarl.Card(), Sections: rarl.Sections(), New: rarl.New, Folder: "paper/rarl"},
		{Card: wmar.Card(), Sections: wmar.Sections(), New: wmar.New, Folder: "paper/wmar"},
	}
}

// Method makes the method that a set-up describes.
func Method(setup lab.Setup, seed uint64, bench lab.Bench) (lab.Method, error) {
	p, err := Find(setup.Paper)
	if err != nil {
		return nil, err
	}
	bench.Code = p.Code()
	return p.New(setup, seed, bench)
}

// CodeOf is the code identity of a set-up's paper, which is part of a run's key.
func CodeOf(setup lab.Setup) (string, error) {
	p, err := Find(setup.Paper)
	if err != nil {
		return "", err
	}
	return p.Code(), nil
}

// Find returns the paper of that slug.
func Find(slug string) (Paper, error) {
	papers := Papers()
	if i := slices.IndexFunc(papers, func(p Paper) bool { return p.Card.Slug == slug }); i >= 0 {
		return papers[i], nil
	}
	return Paper{}, lab.Errorf(lab.NotFound, "paper %q is unknown, want one of %v", slug, Slugs()).
		WithHint("`loci list` shows the papers of this build")
}

// Slugs lists the papers' slugs in alphabetical order.
func Slugs() []string {
	var slugs []string
	for _, p := range Papers() {
		slugs = append(slugs, p.Card.Slug)
	}
	sort.Strings(slugs)
	return slugs
}

// Code returns the code identity of a paper: the hash of all sources, without comments, that can move its numbers.
func (p Paper) Code() string { return identities()[p.Folder] }

// Metric returns the spec of a metric of this paper.
func (p Paper) Metric(name string) (lab.MetricSpec, bool) {
	i := slices.IndexFunc(p.Card.Metrics, func(m lab.MetricSpec) bool { return m.Name == name })
	if i < 0 {
		return lab.MetricSpec{}, false
	}
	return p.Card.Metrics[i], true
}
