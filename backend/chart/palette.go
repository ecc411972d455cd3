package chart

// palette holds the colours of the arms by place, and what else differs between the two grounds.
type palette struct {
	arms    [6]string
	beyond  string // arms above the eighteenth, until pointed at
	ground  string
	text    string
	muted   string
	scale   []string // values, from low to high: one hue, so that it reads in grey
	between []string // differences: blue, neutral, orange
}

func paletteOf(dark bool) palette {
	if dark {
		return palette{
			arms:   [6]string{"#7FC6FF", "#D41B06", "#21896D", "#9358C1", "#F4FF18", "#FFC0C2"},
			beyond: "#98A2AD", ground: "#14171A", text: "#E8EAED", muted: "#A7B0BA",
			scale:   []string{"#17293A", "#1F4E70", "#2F7FAE", "#7FC6FF", "#E3F3FF"},
			between: []string{"#5AA9E6", "#2A333B", "#E8963A"},
		}
	}
	return palette{
		arms:   [6]string{"#035377", "#B01505", "#4AA290", "#B275FD", "#C28529", "#141414"},
		beyond: "#6B7580", ground: "#FFFFFF", text: "#14171A", muted: "#565F69",
		scale:   []string{"#F2F8FC", "#BFDDEE", "#7DB7D6", "#2F7FA8", "#03344C"},
		between: []string{"#0B5C8C", "#EEF0F2", "#B3600A"},
	}
}

// ArmColour returns the colour of the arm at a place of the row, from 0; it is the same in every chart of a notebook.
func ArmColour(place int, dark bool) string {
	p := paletteOf(dark)
	if place < 0 || place >= 3*len(p.arms) {
		return p.beyond
	}
	return p.arms[place%len(p.arms)]
}

// ArmDash returns the dash of the arm at a place: none for the first six, 6-3 for the next, then 2-2. Above eighteen there is none.
func ArmDash(place int) []int {
	switch {
	case place >= 6 && place < 12:
		return []int{6, 3}
	case place >= 12 && place < 18:
		return []int{2, 2}
	}
	return nil
}
