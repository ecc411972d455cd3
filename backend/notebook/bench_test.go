package notebook

import "testing"

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		Parse("good.md", []byte(good), testVocab{})
	}
}

func BenchmarkSetField(b *testing.B) {
	d, _ := Parse("good.md", []byte(good), testVocab{})
	s := NewState(d)
	for b.Loop() {
		if _, _, err := Apply(s, field("agent", "width", "32")); err != nil {
			b.Fatal(err)
		}
	}
}
