package sched

// view sums a job up.
func (o *Owner) view(j *job) Job {
	j.mu.Lock()
	v := Job{ID: j.id, File: j.file, Title: j.title, Budget: j.budget, State: j.state, Started: j.started, Err: j.err}
	var e estimate
	if j.sweep != nil {
		v.Sweep, e.ahead = j.sweep.Name, j.sweep.Ahead
	}
	j.mu.Unlock()
	share, whole := 0.0, 0.0
	all := j.all()
	v.Runs = make([]RunInfo, 0, len(all))
	for _, l := range all {
		info := e.add(l)
		v.Runs = append(v.Runs, info)
		share, whole = share+info.Share()*info.Weight(), whole+info.Weight()
	}
	for _, a := range e.ahead {
		v.Ahead, whole = v.Ahead+a.Runs, whole+float64(a.Runs)*a.Weight
	}
	if whole > 0 {
		v.Share = share / whole
	}
	v.Low, v.High = e.left(o.Workers)
	return v
}

// Share is the part of a run's work that is done, 0 to 1.
func (r RunInfo) Share() float64 {
	switch {
	case r.State == Done:
		return 1
	case r.Total <= 0:
		return 0
	}
	return float64(r.Done) / float64(r.Total)
}
