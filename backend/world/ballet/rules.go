package ballet

// The rules by which a memory of visits that is full lets one go (arXiv 2402.15160v1: fixed rules of the adaptive memory allocator). Rooms
// are counted by their stored visits; a room without any takes no part.
const (
	FIFO   = "fifo"   // the oldest visit
	LIFO   = "lifo"   // the one that just came: the first ones stay
	LVFO   = "lvfo"   // the oldest of the room with the fewest stored visits
	MVFO   = "mvfo"   // the oldest of the room with the most stored visits
	Chance = "random" // any, evenly drawn
)

// Rules lists the four rules, each right for the task of the same place in Tasks.
func Rules() []string { return []string{FIFO, LIFO, LVFO, MVFO} }

// Keeper is a memory of visits under a rule. It holds the numbers of the visits, oldest first.
type Keeper struct {
	Kept []int // visits, counted from 0

	rule     string
	capacity int
	seen     int
	rooms    []int // of the kept ones
}

// Begin empties the memory and sets its rule and capacity.
func (k *Keeper) Begin(rule string, capacity int) {
	k.Kept, k.rooms, k.rule, k.capacity, k.seen = k.Kept[:0], k.rooms[:0], rule, capacity, 0
}

// Visit stores a visit to a room and returns the number of the one that had to go, -1 for none. Draw is a random number in [0, 1) that the
// rule random uses. Of rooms that are equally full the one with the oldest stored visit counts first.
func (k *Keeper) Visit(room int, draw float64) (gone int) {
	k.Kept, k.rooms = append(k.Kept, k.seen), append(k.rooms, room)
	k.seen++
	if len(k.Kept) <= k.capacity {
		return -1
	}
	at := k.victim(draw)
	gone = k.Kept[at]
	k.Kept, k.rooms = append(k.Kept[:at], k.Kept[at+1:]...), append(k.rooms[:at], k.rooms[at+1:]...)
	return gone
}

// Count is how many visits of a room are stored.
func (k *Keeper) Count(room int) (n int) {
	for _, r := range k.rooms {
		if r == room {
			n++
		}
	}
	return n
}

func (k *Keeper) victim(draw float64) int {
	switch k.rule {
	case LIFO:
		return len(k.Kept) - 1
	case LVFO, MVFO:
		best := 0
		for i, r := range k.rooms {
			n, than := k.Count(r), k.Count(k.rooms[best])
			if k.rule == LVFO && n < than || k.rule == MVFO && n > than {
				best = i
			}
		}
		return best
	case Chance:
		return int(draw * float64(len(k.Kept)))
	}
	return 0
}
