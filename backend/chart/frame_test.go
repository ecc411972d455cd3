package chart

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"

	"github.com/loci-lab/loci/backend/lab"
)

// fixture is testdata/frames.json: what the bytes of frames.bin mean. The page's tests read the same two files.
type fixture struct {
	Frames []fixtureFrame `json:"frames"`
}

type fixtureFrame struct {
	Offset int             `json:"offset"` // in frames.bin
	Length int             `json:"length"`
	Topic  string          `json:"topic"`
	Number uint64          `json:"number"`
	Series []fixtureSeries `json:"series"`
}

type fixtureSeries struct {
	Index int         `json:"index"`
	From  int         `json:"from"`
	XY    []lab.Float `json:"xy"`
}

func exampleFrames() []Frame {
	return []Frame{
		{Topic: "chart:experiments/memory-rewriting.md#success", Number: 1, Series: []Points{
			{Index: 0, From: 0, XY: []float64{0, 0.5, 10, 0.25}}, {Index: 3, From: 12, XY: []float64{1e6, -1.0 / 3}}}},
		{Topic: "runchart:abc#größe", Number: 1 << 40, Series: []Points{{Index: 1, From: 2, XY: []float64{20, math.NaN(), 30, math.Inf(1)}}}},
		{Topic: "", Number: 0, Series: []Points{{Index: 2, From: 7, XY: []float64{}}}},
		{Topic: "12345678", Number: 2},
	}
}

func TestFramesAreThoseOfTheSharedFixture(t *testing.T) {
	var fix fixture
	var all []byte
	for _, f := range exampleFrames() {
		from := len(all)
		all = f.Encode(all)
		if len(all)%8 != 0 {
			t.Errorf("frame %d does not end at a multiple of 8", f.Number)
		}
		one := fixtureFrame{Offset: from, Length: len(all) - from, Topic: f.Topic, Number: f.Number, Series: []fixtureSeries{}}
		for _, s := range f.Series {
			xy := []lab.Float{}
			for _, v := range s.XY {
				xy = append(xy, lab.Float(v))
			}
			one.Series = append(one.Series, fixtureSeries{Index: s.Index, From: s.From, XY: xy})
		}
		fix.Frames = append(fix.Frames, one)
	}
	text, err := json.MarshalIndent(fix, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"testdata/frames.json": append(text, '\n'), "testdata/frames.bin": all} {
		if *update {
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(name); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs (%v): the page reads the same file, so change both sides", name, err)
		}
	}
}

func TestFramesReadBackAsWritten(t *testing.T) {
	for _, f := range exampleFrames() {
		got, err := DecodeFrame(f.Encode(nil))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got.Encode(nil), f.Encode(nil)) || got.Topic != f.Topic || got.Number != f.Number || len(got.Series) != len(f.Series) {
			t.Errorf("got %+v, want %+v", got, f)
		}
	}
}

func FuzzDecodeFrame(f *testing.F) {
	for _, frame := range exampleFrames() {
		f.Add(frame.Encode(nil))
	}
	f.Add([]byte("LCF1\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := DecodeFrame(b)
		if err != nil {
			if lab.CodeOf(err) != lab.Invalid {
				t.Fatalf("got %v", err)
			}
			return
		}
		again, err := DecodeFrame(got.Encode(nil))
		if err != nil || again.Topic != got.Topic || len(again.Series) != len(got.Series) {
			t.Fatalf("%+v reads back as %+v, %v", got, again, err)
		}
	})
}

func TestChangesTurnTheOldPointsIntoTheNew(t *testing.T) {
	nan := math.NaN()
	before := []Series{{Index: 0, XY: []float64{0, 1, 10, nan, 20, 3}}, {Index: 1, XY: []float64{0, 1}}, {Index: 2, XY: []float64{0, 1, 5, 5}}}
	after := []Series{{Index: 0, XY: []float64{0, 1, 10, nan, 20, 4, 30, 5}}, {Index: 1, XY: []float64{0, 1}}, {Index: 2, XY: []float64{0, 1}}, {Index: 3, XY: []float64{7, 7}}}
	got := Changes(before, after)
	want := []Points{{0, 2, []float64{20, 4, 30, 5}}, {2, 1, []float64{}}, {3, 0, []float64{7, 7}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
