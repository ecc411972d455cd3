package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/notebook"
	"github.com/loci-lab/loci/backend/sched"
)

const sweepCell = "\n```yaml sweep\nname: size\narms: [lstm]\nover: {agent.width: [8, 64], world.noise: [0, 0.5]}\n```\n"

// sweepOwner plans the sweeps of a notebook, too.
type sweepOwner struct{ *fakeOwner }

func (o sweepOwner) Plan(ctx context.Context, doc *notebook.Document, opt sched.Options) (sched.Plan, error) {
	if opt.Sweep == "" {
		return o.fakeOwner.Plan(ctx, doc, opt)
	}
	planned, err := notebook.Resolve(doc, opt.Budget, notebook.Overrides{Sweep: opt.Sweep})
	if err != nil {
		return sched.Plan{}, err
	}
	s, err := doc.Sweep(opt.Sweep)
	if err != nil {
		return sched.Plan{}, err
	}
	spec, ok := doc.Judge(s)
	p := sched.Plan{Doc: doc, File: doc.File, Title: doc.Title(), Budget: "laptop", Sweep: &sched.Sweeping{Sweep: s, Judge: spec, Judged: ok}}
	for _, r := range planned {
		info := o.look("laptop", r.Arm, r.Case, r.Seed)
		info.Planned = r
		if info.State == sched.Done {
			p.Unchanged++
		}
		p.Runs = append(p.Runs, info)
	}
	return p, nil
}

func (o sweepOwner) Start(ctx context.Context, plan sched.Plan) (sched.Job, error) {
	j, err := o.fakeOwner.Start(ctx, plan)
	o.mu.Lock()
	defer o.mu.Unlock()
	j.Ahead = 3
	if plan.Sweep != nil {
		j.Sweep = plan.Sweep.Name
	}
	o.jobs[0] = j
	return j, err
}

// sweepKit has a sweep of four points on two seeds: three are done, and a run of the last is missing.
func sweepKit(t *testing.T) *kit {
	k := newKit(t, func(c *Config) {
		c.Shipped = fstest.MapFS{"memory-rewriting.md": {Data: []byte(sample + sweepCell)}}
		owner, _ := c.Owner.(*fakeOwner)
		c.Owner = sweepOwner{owner}
	})
	k.owner.all = sched.Done
	k.owner.state = map[string]string{"laptop-lstm@agent.width=64@world.noise=0.5-1": sched.Queued}
	for point, v := range map[string]float64{"8@world.noise=0": 0.25, "8@world.noise=0.5": 0.5, "64@world.noise=0": 0.75, "64@world.noise=0.5": 1} {
		for seed := range uint64(2) {
			k.owner.add("success", "lstm@agent.width="+point, seed, 0, v)
		}
	}
	return k
}

const sweepAddress = "?path=experiments/memory-rewriting.md&sweep=size"

func TestASweepShowsItsPointsBestFirst(t *testing.T) {
	k := sweepKit(t)
	var s Sweep
	k.get("/api/sweep"+sweepAddress, &s)
	got := ""
	for _, p := range s.Points {
		got += strings.Join([]string{p.Arm, string(p.Values[0]), string(p.Values[1]), p.Score, p.State}, " ") + "; "
	}
	want := "lstm 64 0 0.750 complete; lstm 8 0.5 0.500 complete; lstm 8 0 0.250 complete; lstm 64 0.5 1.000 incomplete; "
	if got != want || !s.Points[0].Best || s.Points[0].Rank != 1 || s.Points[3].Rank != 0 || s.Points[3].Done != 1 {
		t.Errorf("points are %s, want %s (%+v)", got, want, s.Points)
	}
	if s.Metric != "success" || s.Better != "higher" || len(s.Seeds) != 2 || strings.Join(s.Knobs, " ") != "agent.width world.noise" || !s.Early || s.Plan.Todo != 1 {
		t.Errorf("sweep is %+v", s)
	}
}

func TestASweepHasItsPictures(t *testing.T) {
	k := sweepKit(t)
	for _, picture := range []string{"&picture=parallel", "&picture=slice&knob=world.noise"} {
		var c, dark Chart
		k.get("/api/sweep/chart"+sweepAddress+picture, &c)
		k.get("/api/sweep/chart"+sweepAddress+picture+"&dark=1", &dark)
		if c.Points == 0 || len(c.Table.Rows) != 4 || !strings.Contains(c.Sentence, "lstm is best with agent.width 64, world.noise 0: success 0.75") || !json.Valid(c.Option) || !c.Early {
			t.Errorf("%s says %q and has the table %v, early %v", picture, c.Sentence, c.Table, c.Early)
		}
		if string(c.Option) == string(dark.Option) {
			t.Errorf("%s has the same colours in the dark", picture)
		}
	}
	for picture, want := range map[string]string{"&picture=pie": "parallel or slice", "&picture=slice&knob=rl.rate": `want one of ["agent.width" "world.noise"]`} {
		if e := k.refused(k.do(k.request(http.MethodGet, "/api/sweep/chart"+sweepAddress+picture, "")), http.StatusNotFound); !strings.Contains(e.Msg, want) {
			t.Errorf("%s is refused with %q, want %q", picture, e.Msg, want)
		}
	}
}

func TestASweepThatIsNoneIsRefused(t *testing.T) {
	k := sweepKit(t)
	e := k.refused(k.do(k.request(http.MethodGet, "/api/sweep?path=experiments/memory-rewriting.md&sweep=sise", "")), http.StatusNotFound)
	if e.Code != string(lab.NotFound) || !strings.Contains(e.Msg, `there is no sweep "sise"`) {
		t.Errorf("refused with %+v", e)
	}
	k.refused(k.do(k.request(http.MethodGet, "/api/sweep?path=experiments/memory-rewriting.md", "")), http.StatusBadRequest)
}

func TestAJobOfASweepSaysSo(t *testing.T) {
	k := sweepKit(t)
	var j Job
	k.post("/api/job?path=experiments/memory-rewriting.md", JobRequest{Sweep: "size"}, &j)
	if j.Sweep != "size" || len(j.Runs) != 8 || j.Ahead != 3 {
		t.Errorf("job is %+v", j)
	}
}

func TestTheRawValuesOfASweepCanBeTakenAway(t *testing.T) {
	k := sweepKit(t)
	res := k.do(k.request(http.MethodGet, "/api/sweep/rows"+sweepAddress+"&form=csv", ""))
	body := bodyOf(t, res)
	if res.StatusCode != http.StatusOK || strings.Count(body, "\n") != 9 || !strings.Contains(body, "lstm@agent.width=64@world.noise=0,") {
		t.Errorf("status %d: %s", res.StatusCode, body)
	}
}
