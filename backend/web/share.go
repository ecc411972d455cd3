package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/loci-lab/loci/backend/bundle"
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
	"github.com/loci-lab/loci/backend/stats"
	"github.com/loci-lab/loci/backend/store"
)

// Sharing is what exporting and importing need of the program around the server. The zero value knows no secret and indexes nothing.
type Sharing struct {
	Secrets func(ctx context.Context) ([]bundle.Known, error) // every stored secret: none may stand in a shared file
	Names   bundle.Names                                      // what tells who and where
	Index   func(ctx context.Context, record string) error    // takes an imported record into the library
	Uses    func(model string) (target string, secret string) // what a rung needs, by name
	Commit  string                                            // of this build
	// PageLimit is the size in bytes above which a page holds fewer episodes; 0 is bundle.PageLimit.
	PageLimit int64
}

// shared is an experiment with the values behind it, gathered once for all that is made of it.
type shared struct {
	bundle.Experiment
	doc      *notebook.Document
	plan     sched.Plan
	data     gathered
	results  Results
	sentence string
}

// gatherShare reads what a notebook has to show at a budget and seeds; the rest of the request counts later.
func (s *Server) gatherShare(ctx context.Context, at string, req ShareRequest) (*shared, error) {
	doc, err := s.notebooks.document(at)
	if err != nil {
		return nil, err
	}
	opt := sched.Options{Budget: req.Budget}
	if req.Seeds != "" {
		if opt.Seeds, err = notebook.ParseSeeds(req.Seeds); err != nil {
			return nil, err
		}
	}
	plan, err := s.planOf(ctx, at, opt)
	if err != nil {
		return nil, err
	}
	out := &shared{doc: doc, plan: plan}
	if out.data, err = s.gather(ctx, at, plan); err != nil {
		return nil, err
	}
	if err := s.judgeShare(ctx, at, out); err != nil {
		return nil, err
	}
	out.sentence = outcome(out.results.Verdicts)
	out.Experiment = bundle.Experiment{Name: fileOf(at, doc), Notebook: notebook.Print(doc), Title: doc.Title(), Author: strings.TrimSpace(req.Author),
		Sentence: out.sentence, Budget: plan.Budget, Wants: s.wants(plan)}
	if out.Results, err = json.Marshal(out.results); err != nil {
		return nil, lab.Errorf(lab.Internal, "results cannot be written: %w", err)
	}
	if out.Runs, err = s.sharedRuns(ctx, out.data.runs); err != nil {
		return nil, err
	}
	out.Made = s.made(out)
	if len(out.Runs) == 0 && out.data.recorded == "" {
		return nil, lab.Errorf(lab.NotFound, "nothing of %q was run at budget %s yet", doc.Title(), plan.Budget).
			WithHint("run it first: loci run %s --budget %s", at, plan.Budget)
	}
	return out, nil
}

// judgeShare judges the claims on the very values that the pictures show.
func (s *Server) judgeShare(ctx context.Context, at string, sh *shared) error {
	if from, ok := s.recordedFor(ctx, at, sh.plan); ok {
		if rec, ok := s.cfg.Recorded.Recorded(from, sh.plan.Budget); ok {
			sh.results = tidy(rec)
			return nil
		}
	}
	shown := sh.plan
	shown.Runs = sh.data.runs
	verdicts, err := s.cfg.Owner.Verdicts(ctx, shown)
	if err != nil {
		return err
	}
	rows, err := s.cfg.Owner.Table(ctx, shown)
	if err != nil {
		return err
	}
	sh.results = tidy(Results{Verdicts: verdicts, Table: Table{rows.Columns, rows.Rows}, Budget: sh.plan.Budget, Early: early(shown)})
	return nil
}

// outcome says in one sentence what the claims came to.
func outcome(verdicts []stats.Verdict) string {
	n := map[string]int{}
	for _, v := range verdicts {
		n[v.Verdict]++
	}
	switch len(verdicts) {
	case 0:
		return "No claim is judged at this budget."
	case 1:
		return strings.ToUpper(verdicts[0].Sentence[:min(1, len(verdicts[0].Sentence))]) + verdicts[0].Sentence[min(1, len(verdicts[0].Sentence)):]
	}
	var words []string
	for _, w := range []string{stats.Held, stats.NotHeld, stats.CannotTell} {
		if n[w] > 0 {
			words = append(words, fmt.Sprintf("%d %s", n[w], map[string]string{stats.Held: "held", stats.NotHeld: "not held", stats.CannotTell: "undecided"}[w]))
		}
	}
	return fmt.Sprintf("Of %d claims: %s.", len(verdicts), strings.Join(words, ", "))
}

// fileOf names the notebook in a shared file: as it is called here, without its folder.
func fileOf(at string, doc *notebook.Document) string {
	base := path.Base(strings.ReplaceAll(at, `\`, "/"))
	stem := fileName(strings.TrimSuffix(base, suffix))
	return cmp.Or(strings.TrimLeft(stem, ".-"), doc.Paper(), "notebook") + suffix
}

// wants lists what running the experiment would need beyond this program.
func (s *Server) wants(plan sched.Plan) bundle.Wants {
	w := bundle.Wants{Targets: []string{}, Secrets: []string{}, Data: []string{}, Program: []string{}}
	for _, r := range plan.Runs {
		if s.cfg.Sharing.Uses != nil {
			target, secret := s.cfg.Sharing.Uses(r.Setup.Model)
			w.Targets, w.Secrets = append(w.Targets, target), append(w.Secrets, secret)
		}
		w.Data = append(w.Data, r.Setup.Data()...)
		for _, section := range r.Setup.Sections {
			var said struct {
				Command []string `json:"command"`
			}
			if json.Unmarshal(section, &said) == nil && len(said.Command) > 0 {
				w.Program = append(w.Program, strings.Join(said.Command, " "))
			}
		}
	}
	for _, list := range []*[]string{&w.Targets, &w.Secrets, &w.Data, &w.Program} {
		slices.Sort(*list)
		*list = slices.DeleteFunc(slices.Compact(*list), func(name string) bool { return name == "" })
	}
	return w
}

// sharedRuns lists the runs that have a record here.
func (s *Server) sharedRuns(ctx context.Context, runs []sched.RunInfo) ([]bundle.Run, error) {
	out, keys := []bundle.Run{}, []string{}
	for _, r := range runs {
		p, err := s.cfg.Owner.Record(r.Key)
		if err != nil || r.State == "" {
			continue // recorded elsewhere, or never begun
		}
		if _, err := os.Stat(p); err != nil {
			continue
		}
		out = append(out, bundle.Run{Key: r.Key, Arm: r.Arm, Case: r.Case, Seed: r.Seed, State: r.State, Seconds: r.Seconds, Setup: r.Setup, Record: p})
		keys = append(keys, r.Key)
	}
	if len(keys) == 0 {
		return out, nil
	}
	rows, _, err := s.cfg.Library.FindRuns(ctx, store.RunFilter{Keys: keys})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if k := slices.IndexFunc(rows, func(r store.Run) bool { return r.Key == out[i].Key }); k >= 0 {
			out[i].Kernel, out[i].Machine, out[i].EndedMS, out[i].Setup = rows[k].Kernel, rows[k].Machine, millis(rows[k].Ended), rows[k].Setup
			out[i].Seconds = cmp.Or(out[i].Seconds, rows[k].Seconds)
		}
	}
	return out, nil
}

// made says where and when the runs were made: the words of their records, not of this computer.
func (s *Server) made(sh *shared) bundle.Made {
	m := bundle.Made{Version: s.cfg.Version, Commit: s.cfg.Sharing.Commit, Machine: s.cfg.Machine, Kernel: s.cfg.Kernel}
	var last int64
	seconds := 0.0
	var machines, kernels []string
	for _, r := range sh.Runs {
		seconds += r.Seconds
		last = max(last, r.EndedMS)
		machines, kernels = append(machines, r.Machine), append(kernels, r.Kernel)
	}
	m.Minutes = math.Round(seconds/60*10) / 10
	if last > 0 {
		m.Date = time.UnixMilli(last).UTC().Format(time.DateOnly)
	}
	distinct := func(words []string) string {
		slices.Sort(words)
		return strings.Join(slices.DeleteFunc(slices.Compact(words), func(w string) bool { return w == "" }), "; ")
	}
	m.Machine, m.Kernel = cmp.Or(distinct(machines), m.Machine), cmp.Or(distinct(kernels), m.Kernel)
	if sh.data.recorded != "" {
		m.Machine, m.Kernel, m.Minutes = sh.data.recorded, "", sh.results.Minutes
	}
	return m
}

// Export writes what a notebook of that address has to show into a file: an archive, or a page. Of a page it tells in sentences what
// did not fit.
func (s *Server) Export(ctx context.Context, at string, req ShareRequest, file string, progress func(done, total int64, part string)) (leftOut []string, err error) {
	sh, err := s.gatherShare(ctx, at, req)
	if err != nil {
		return nil, err
	}
	opt := bundle.Options{Detail: req.Detail, Without: req.Without, Progress: progress}
	if !req.Names {
		opt.Names = &s.cfg.Sharing.Names
	}
	if s.cfg.Sharing.Secrets != nil {
		if opt.Secrets, err = s.cfg.Sharing.Secrets(ctx); err != nil {
			return nil, unsearched(err)
		}
	}
	if req.Form == formPage {
		return s.writePage(ctx, at, sh, req, opt, file)
	}
	_, err = bundle.Write(ctx, file, sh.Experiment, opt)
	return nil, err
}

// Sizes tells how large each detail of a notebook is, and of how many runs, before anything is written.
func (s *Server) Sizes(ctx context.Context, at string, req ShareRequest) (sizes bundle.Sizes, runs int, err error) {
	sh, err := s.gatherShare(ctx, at, req)
	if err != nil {
		return sizes, 0, err
	}
	sizes, err = bundle.Measure(ctx, sh.Experiment)
	return sizes, len(sh.Runs), err
}

// unsearched says that an export needs the stored secrets: without their values nobody can tell that they are not in the file.
func unsearched(err error) error {
	e := lab.Errorf(lab.CodeOf(err), "the stored secrets cannot be read, so that nobody can tell whether they stand in the file: %w", err)
	if hint := lab.HintOf(err); hint != "" {
		return e.WithHint("%s", hint)
	}
	return e
}

// Forms of a shared file.
const (
	formLoci = "loci"
	formPage = "page"
)

// Import checks an experiment file and keeps it: the notebook in the reader's own folder, its runs beside those of this computer. It
// runs nothing.
func (s *Server) Import(ctx context.Context, file string, progress func(done, total int64, part string)) (ImportDone, ImportOffer, error) {
	f, err := bundle.Open(file, bundle.Usually())
	if err != nil {
		return ImportDone{}, ImportOffer{}, err
	}
	defer f.Close()
	if err := f.Check(ctx, progress); err != nil {
		return ImportDone{}, ImportOffer{}, err
	}
	offer, err := offered(f)
	if err != nil {
		return ImportDone{}, offer, err
	}
	done, err := s.keep(ctx, f)
	return done, offer, err
}

// keep takes a checked file in. The notebook comes last: it is there only when its runs are.
func (s *Server) keep(ctx context.Context, f *bundle.File) (ImportDone, error) {
	name, text, err := f.Notebook()
	if err != nil {
		return ImportDone{}, err
	}
	index := s.cfg.Sharing.Index
	if index == nil {
		index = func(context.Context, string) error { return nil }
	}
	kept, err := f.Keep(ctx, bundle.Where{Record: s.cfg.Owner.Record, Index: index, Now: s.cfg.Now()})
	if err != nil {
		return ImportDone{Kept: kept}, err
	}
	at, err := s.ownCopy(name, text)
	if err == nil {
		err = s.markImported(at, f.Origin(s.cfg.Now()))
	}
	return ImportDone{Path: at, Kept: kept}, err
}

// ownCopy puts a notebook into the reader's folder; one that lies there already with the same text is taken as it is.
func (s *Server) ownCopy(name string, text []byte) (string, error) {
	for _, p := range s.notebooks.places.list() {
		at, err := s.notebooks.places.find(p)
		if err != nil || !strings.HasPrefix(p, ownFolder+"/"+strings.TrimSuffix(name, suffix)) {
			continue
		}
		if had, err := s.notebooks.places.read(at); err == nil && string(had) == string(text) {
			return p, nil
		}
	}
	at, err := s.notebooks.places.free("", name, text)
	return at.path, err
}

func offered(f *bundle.File) (ImportOffer, error) {
	m := f.Manifest
	o := ImportOffer{Title: m.Title, Author: m.Author, Sentence: m.Sentence, Budget: m.Budget, Made: m.Made, Wants: m.Wants, Detail: m.Detail,
		Runs: m.Runs, Verdicts: []stats.Verdict{}}
	if o.Runs == nil {
		o.Runs = []bundle.Run{}
	}
	for _, p := range m.Parts {
		o.Bytes += p.Bytes
	}
	_, text, err := f.Notebook()
	if err != nil {
		return o, err
	}
	o.Notebook = string(text)
	raw, err := f.Results()
	if err != nil {
		return o, err
	}
	var r Results
	if json.Unmarshal(raw, &r) == nil && r.Verdicts != nil {
		o.Verdicts = r.Verdicts
	}
	return o, nil
}
