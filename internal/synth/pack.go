package synth

import (
	"archive/zip"
	"bytes"
	"fmt"

	"debrief/internal/synth/cabw"
)

const cabinetName = "autopilot-logs.cab"

// pack lays the evidence out in the scenario's shape.
func (d *device) pack() ([]File, error) {
	switch d.s.Shape {
	case IntuneZip:
		return d.intuneZip(false)
	case IntuneZipNumbered:
		return d.intuneZip(true)
	}
	inside, err := d.diagnostics()
	if err != nil {
		return nil, err
	}
	if d.s.Shape == Folder {
		var out []File
		for _, f := range inside {
			f.Name = "autopilot-logs/" + f.Name
			out = append(out, f)
		}
		return append(out, d.beside()...), nil
	}
	cabinet, err := d.cabinet(inside)
	if err != nil {
		return nil, err
	}
	switch d.s.Shape {
	case TruncatedCab:
		cabinet.Data = cabinet.Data[:len(cabinet.Data)*6/10]
		return []File{cabinet}, nil
	case Zip:
		return d.archive(d.id.host+"-logs.zip", append([]File{cabinet}, d.beside()...))
	}
	return append([]File{cabinet}, d.beside()...), nil
}

// cabinet packs the members with the device's wall clock, as the tool does.
func (d *device) cabinet(files []File) (File, error) {
	members := make([]cabw.File, len(files))
	for i, f := range files {
		members[i] = cabw.File{Name: f.Name, Data: f.Data, Time: d.local(f.Time)}
	}
	data, err := cabw.Encode(members, cabw.MSZIP)
	return File{Name: cabinetName, Data: data, Time: d.collected}, err
}

// archive packs files into one ZIP.
func (d *device) archive(name string, files []File) ([]File, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		date, clock := cabw.DOSTime(d.local(f.Time))
		//lint:ignore SA1019 like the tools of Windows, no other date: it would claim a time zone
		h := &zip.FileHeader{Name: f.Name, Method: zip.Deflate, ModifiedDate: date, ModifiedTime: clock}
		w, err := z.CreateHeader(h)
		if err == nil {
			_, err = w.Write(f.Data)
		}
		if err != nil {
			return nil, fmt.Errorf("packing %q into %q: %w", f.Name, name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("packing %q: %w", name, err)
	}
	return []File{{Name: name, Data: b.Bytes(), Time: d.collected}}, nil
}
