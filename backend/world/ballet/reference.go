package ballet

import (
	"github.com/loci-lab/loci/backend/lab"
	"github.com/loci-lab/loci/backend/world"
)

// Reference returns one of world.References. Both memory-free and full-memory see only the observations; the oracle looks inside.
func (s *Stage) Reference(name string, seed uint64) (world.Policy, error) {
	switch name {
	case world.Oracle:
		return &oracle{s}, nil
	case world.Random:
		return world.Uniform(len(s.spec.Actions), seed), nil
	case world.MemoryFree:
		return &guesser{s, draws{seed: seed}}, nil
	case world.FullMemory:
		return &recorder{stage: s, rows: make([][]float32, len(s.plays))}, nil
	}
	return nil, lab.Errorf(lab.Invalid, "%s: reference %q is unknown, want one of %q", s.spec.Name, name, world.References()).
		WithHint("name one of %q", world.References())
}

// oracle reads the answer from the script.
type oracle struct{ stage *Stage }

func (p *oracle) Reset() {}

func (p *oracle) Act(_ []float32, _ []bool, actions []int32) {
	for b := range actions {
		actions[b] = p.stage.plays[b].script.Answer
	}
}

// guesser answers by chance; in a ballet one of the places where somebody stands, which the question shows.
type guesser struct {
	stage *Stage
	draws draws
}

func (p *guesser) Reset() {}

func (p *guesser) Act(obs []float32, _ []bool, actions []int32) {
	l, w := p.stage.Layout, p.stage.spec.Obs
	for b := range actions {
		actions[b] = int32(p.draws.pick(len(p.stage.spec.Actions)))
		row := obs[b*w : (b+1)*w]
		if p.stage.spec.Name != Ballet || row[l.Question()] == 0 {
			continue
		}
		for row[l.Place()+int(actions[b])] == 0 {
			actions[b] = int32(p.draws.pick(compass))
		}
	}
}

// recorder keeps every observation and answers by comparing what it saw with the dances.
type recorder struct {
	stage *Stage
	rows  [][]float32 // [B] observations of the present episode, one after another
}

func (p *recorder) Reset() {}

func (p *recorder) Act(obs []float32, fresh []bool, actions []int32) {
	l, w := p.stage.Layout, p.stage.spec.Obs
	for b := range actions {
		if fresh[b] {
			p.rows[b] = p.rows[b][:0]
		}
		row := obs[b*w : (b+1)*w]
		p.rows[b] = append(p.rows[b], row...)
		actions[b] = 0
		switch {
		case row[l.Question()] == 0:
		case p.stage.spec.Name == Ballet:
			actions[b] = int32(p.place(p.rows[b], hot(row[l.Tell():l.Tell()+l.Told])))
		default:
			actions[b] = int32(p.dance(p.rows[b][:len(p.rows[b])-w], hot(row[:l.Looks])))
		}
	}
}

// hot is the place of the 1, -1 where there is none.
func hot(x []float32) int {
	for i, v := range x {
		if v == 1 {
			return i
		}
	}
	return -1
}

// place is where the dancer of that dance stood: the first place whose moves are those of the dance.
func (p *recorder) place(rows []float32, dance int) int {
	l, w := p.stage.Layout, p.stage.spec.Obs
	for place := range compass {
		n, fits := 0, true
		for at := 0; at < len(rows)-w; at += w {
			row := rows[at : at+w]
			if row[l.Place()+place] == 0 || hot(row[:l.Looks]) < 0 {
				continue
			}
			moves := p.stage.dances[dance].Moves
			fits = fits && n < len(moves) && int(moves[n]) == hot(row[l.Move():l.Move()+Moves])
			n++
		}
		if fits && n > 0 {
			return place
		}
	}
	return 0
}

// dance is the one that fits all moves of the dancer of that look. In the rooms, the step tells the place in the loop; the visits follow
// one another without gap.
func (p *recorder) dance(rows []float32, look int) int {
	l, w := p.stage.Layout, p.stage.spec.Obs
	loop := roomMoves
	if p.stage.spec.Name == Rooms {
		loop = p.stage.loop
	}
	for x := range p.stage.spec.Actions {
		fits := true
		for t := range len(rows) / w {
			row := rows[t*w : (t+1)*w]
			at := t%loop - (loop - roomMoves)
			if row[look] == 1 && at >= 0 && int(p.stage.dances[x].Moves[at]) != hot(row[l.Move():l.Move()+Moves]) {
				fits = false
				break
			}
		}
		if fits {
			return x
		}
	}
	return 0
}
