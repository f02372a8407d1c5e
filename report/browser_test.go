package report

import (
	"bytes"
	"context"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestHTMLInABrowser opens the report of a failure in headless Chromium and
// looks at the picture: the verdict's red edge is there only if the page's own
// content security policy lets its style sheet in.
func TestHTMLInABrowser(t *testing.T) {
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("skipped: chromium is not installed")
	}
	dir := t.TempDir()
	var page bytes.Buffer
	if err := failure().view(t).WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	file, shot := filepath.Join(dir, "report.html"), filepath.Join(dir, "shot.png")
	if err := os.WriteFile(file, page.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
		"--user-data-dir="+filepath.Join(dir, "profile"), "--window-size=1200,800", "--screenshot="+shot, "file://"+file).CombinedOutput()
	if err != nil {
		t.Fatalf("running the browser: %v\n%s", err, out)
	}
	f, err := os.Open(shot)
	if err != nil {
		t.Fatalf("the browser took no picture: %v\n%s", err, out)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	red := 0
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if r, g, bl, _ := img.At(x, y).RGBA(); r>>8 > 0x90 && g>>8 < 0x60 && bl>>8 < 0x60 {
				red++
			}
		}
	}
	if red < 300 {
		t.Errorf("the picture has %d red points, want the red edge of a failure", red)
	}
}
