package num

func goLSTMCell(z, c0, c, tc, h []float32, keep bool) {
	w := len(z) / 4
	zi, zf, zg, zo := z[:w], z[w:2*w], z[2*w:3*w], z[3*w:4*w]
	c0, c, tc, h = c0[:w], c[:w], tc[:w], h[:w]
	for j := range w {
		i, f, g, o := sigmoid32(zi[j]), float32(1), tanh32(zg[j]), sigmoid32(zo[j])
		if !keep {
			f = sigmoid32(zf[j])
		}
		zi[j], zf[j], zg[j], zo[j] = i, f, g, o
		c[j] = float32(f*c0[j]) + float32(i*g)
		tc[j] = tanh32(c[j])
		h[j] = o * tc[j]
	}
}

func goLSTMCellGrad(dz, dh, dc, z, c0, tc []float32, keep bool) {
	w := len(dz) / 4
	di, df, dg, do := dz[:w], dz[w:2*w], dz[2*w:3*w], dz[3*w:4*w]
	zi, zf, zg, zo := z[:w], z[w:2*w], z[2*w:3*w], z[3*w:4*w]
	dh, dc, c0, tc = dh[:w], dc[:w], c0[:w], tc[:w]
	for j := range w {
		i, f, g, o, t := zi[j], zf[j], zg[j], zo[j], tc[j]
		d := dc[j] + float32(float32(dh[j]*o)*(1-float32(t*t)))
		do[j] = float32(dh[j]*t) * float32(o*(1-o))
		di[j] = float32(d*g) * float32(i*(1-i))
		dg[j] = float32(d*i) * (1 - float32(g*g))
		df[j] = 0
		if !keep {
			df[j] = float32(d*c0[j]) * float32(f*(1-f))
		}
		dc[j] = d * f
	}
}

func goGRUCell(zx, zh, h0, h []float32) {
	w := len(zx) / 3
	xr, xu, xn := zx[:w], zx[w:2*w], zx[2*w:3*w]
	hr, hu, hn := zh[:w], zh[w:2*w], zh[2*w:3*w]
	h0, h = h0[:w], h[:w]
	for j := range w {
		r, u := sigmoid32(xr[j]+hr[j]), sigmoid32(xu[j]+hu[j])
		n := tanh32(xn[j] + float32(r*hn[j]))
		xr[j], xu[j], xn[j] = r, u, n
		h[j] = n + float32(u*(h0[j]-n))
	}
}

func goGRUCellGrad(dzx, dzh, dh0, dh, zx, zh, h0 []float32) {
	w := len(dzx) / 3
	dxr, dxu, dxn := dzx[:w], dzx[w:2*w], dzx[2*w:3*w]
	dhr, dhu, dhn := dzh[:w], dzh[w:2*w], dzh[2*w:3*w]
	xr, xu, xn, hn := zx[:w], zx[w:2*w], zx[2*w:3*w], zh[2*w:3*w]
	dh0, dh, h0 = dh0[:w], dh[:w], h0[:w]
	for j := range w {
		r, u, n := xr[j], xu[j], xn[j]
		dn := float32(dh[j]*(1-u)) * (1 - float32(n*n))
		du := float32(dh[j]*(h0[j]-n)) * float32(u*(1-u))
		dr := float32(dn*hn[j]) * float32(r*(1-r))
		dxr[j], dxu[j], dxn[j] = dr, du, dn
		dhr[j], dhu[j], dhn[j] = dr, du, dn*r
		dh0[j] += float32(dh[j] * u)
	}
}
