package main

import (
	"archive/zip"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"debrief/internal/synth/etlw"
)

// cmdExits runs a program and checks its exit code: exits 3 debrief analyze x.
// Its output is left in the files stdout.txt and stderr.txt. A last argument
// "<FILE" is a file for its standard input.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	stdout, err := os.Create(ts.MkAbs("stdout.txt"))
	ts.Check(err)
	defer stdout.Close()
	stderr, err := os.Create(ts.MkAbs("stderr.txt"))
	ts.Check(err)
	defer stderr.Close()
	path, err := exec.LookPath(args[1])
	ts.Check(err)
	var stdin *os.File
	if name, ok := strings.CutPrefix(args[len(args)-1], "<"); ok {
		stdin, err = os.Open(ts.MkAbs(name))
		ts.Check(err)
		defer stdin.Close()
		args = args[:len(args)-1]
	}
	cmd := exec.Command(path, args[2:]...)
	if stdin != nil {
		cmd.Stdin = stdin
	}
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	cmd.Stdout, cmd.Stderr = stdout, stderr
	err = cmd.Run()
	var exitErr *exec.ExitError
	if err != nil && !errors.As(err, &exitErr) {
		ts.Fatalf("running %s: %v", args[1], err)
	}
	if got := cmd.ProcessState.ExitCode(); got != want {
		out, _ := os.ReadFile(stdout.Name())
		talk, _ := os.ReadFile(stderr.Name())
		ts.Fatalf("exit code %d, want %d\nstdout:\n%s\nstderr:\n%s", got, want, out, talk)
	}
}

// cmdTruncate cuts a file to a share of its size: truncate FILE PERCENT.
func cmdTruncate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: truncate FILE PERCENT")
	}
	percent, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	name := ts.MkAbs(args[0])
	info, err := os.Stat(name)
	ts.Check(err)
	ts.Check(os.Truncate(name, info.Size()*percent/100))
}

// cmdTrace writes an event trace with an event that describes itself, one of
// Entra join that failed, and many of a provider that nobody knows: trace FILE.
func cmdTrace(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: trace FILE")
	}
	start := time.Date(2031, 3, 4, 8, 0, 0, 0, time.UTC)
	aad := etlw.GUID{0x4d, 0xe9, 0xbc, 0x9c, 0xb2, 0x7a, 0x43, 0xc9, 0x89, 0x94, 0x09, 0x15, 0xf1, 0xa5, 0xe2, 0x4f}
	t := etlw.Trace{Start: start, Logger: "Sample session", Format: etlw.XPRESS, EventsLost: 3, Events: []etlw.Event{
		{Kind: etlw.TraceLogging, ProviderName: "Sample.Provider", Name: "PackageApplied", Time: start, Fields: []etlw.Field{etlw.Str("Package", "sample.ppkg"), etlw.HResult("Result", 0x80070005)}},
		{Provider: aad, ID: 1098, Level: 2, Time: start.Add(time.Second), Fields: []etlw.Field{etlw.U32("", 0xcaa2000c), etlw.Str("", "Interaction needed"), etlw.Str("", "")}},
	}}
	for i := range 100 {
		t.Events = append(t.Events, etlw.Event{Provider: etlw.GUID{1}, ID: 9, Time: start.Add(time.Duration(i) * time.Minute), Payload: []byte{0xca, 0xfe}})
	}
	data, err := etlw.Encode(t)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}

// cmdHostileZip writes a ZIP whose members want out of the folder they are
// unpacked into, and one that unpacks to 300 MiB of nothing: hostilezip FILE.
func cmdHostileZip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hostilezip FILE")
	}
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	w := zip.NewWriter(f)
	for _, name := range []string{`..\..\escaped.log`, "/absolute.log", `C:\drive.log`, "a/../../up.log", "con.log"} {
		m, err := w.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE([]byte("a line\n")), CompressedSize64: 7, UncompressedSize64: 7})
		ts.Check(err)
		_, err = m.Write([]byte("a line\n"))
		ts.Check(err)
	}
	m, err := w.Create("bomb.log")
	ts.Check(err)
	zeros := make([]byte, 1<<20)
	for range 300 {
		_, err = m.Write(zeros)
		ts.Check(err)
	}
	ts.Check(w.Close())
}
