package slearl

import "slices"

// cluster is a set of observations that are like its prototype, with the entries that are read for them.
type cluster struct {
	Prototype string
	Uses      int
	Linked    []string // ids of entries of both zones, in the order in which they were linked
	words     wordSet
}

// index holds the clusters in the order in which they were opened.
type index struct {
	Clusters []*cluster
	words    *vocabulary
	delta    float64
	most     int // clusters, 0 for no limit
}

// find returns the cluster that an observation falls into: the first whose prototype is at least delta like it; nil where there is none.
func (x *index) find(words wordSet) *cluster {
	for _, c := range x.Clusters {
		if like(words, c.words) >= x.delta {
			return c
		}
	}
	return nil
}

// join returns the cluster that an observation falls into, and opens one where there is none. Where there are too many, the least used goes,
// of equally used ones the oldest.
func (x *index) join(text string, words wordSet) *cluster {
	c := x.find(words)
	if c == nil {
		if x.most > 0 && len(x.Clusters) >= x.most {
			x.drop()
		}
		c = &cluster{Prototype: text, words: words}
		x.Clusters = append(x.Clusters, c)
	}
	c.Uses++
	return c
}

func (x *index) drop() {
	least := 0
	for i, c := range x.Clusters {
		if c.Uses < x.Clusters[least].Uses {
			least = i
		}
	}
	x.Clusters = slices.Delete(x.Clusters, least, least+1)
}

func (c *cluster) link(id string) {
	if !slices.Contains(c.Linked, id) {
		c.Linked = append(c.Linked, id)
	}
}

// unlink takes an entry out of all clusters.
func (x *index) unlink(id string) {
	for _, c := range x.Clusters {
		if i := slices.Index(c.Linked, id); i >= 0 {
			c.Linked = slices.Delete(c.Linked, i, i+1)
		}
	}
}
