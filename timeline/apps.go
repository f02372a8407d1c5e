package timeline

import (
	"encoding/json"
	"net/url"
	"path"
	"strconv"
	"strings"

	"debrief/event"
)

// msiFacts reads the packages that MDM delivers, below
// EnterpriseDesktopAppManagement\<user>\MSI\{product}.
func (b *builder) msiFacts() {
	values := b.reg.values[areaMSI]
	for i := range values {
		v := &values[i]
		n, ok := v.number()
		if !ok || !v.at("*", "MSI", "*") {
			continue
		}
		product := v.path[2]
		switch {
		case v.is("Status"):
			f := event.Number("msi.status", b.packageName(product), n, v.fact.Pos)
			f.Value = product
			b.add(f)
		case v.is("LastError"):
			f := event.Number("msi.last-error", b.packageName(product), hresult(n), v.fact.Pos)
			f.Value = product
			b.add(f)
		}
	}
}

// reportedPackages reads the packages that MDMDiagReport.xml lists, one record
// each with the values of the registry under their own names, as far as the
// registry itself does not tell them.
func (b *builder) reportedPackages() {
	known := map[string]bool{}
	for i := range b.reg.values[areaMSI] {
		if v := &b.reg.values[areaMSI][i]; v.at("*", "MSI", "*") {
			known[strings.ToLower(v.path[2])] = true
		}
	}
	for i := range b.in.Events {
		e := &b.in.Events[i]
		if !reportedPackage(e) {
			continue
		}
		product, _ := e.Fields.Get("ProductCode")
		if known[strings.ToLower(product)] {
			continue
		}
		address, _ := e.Fields.Get("CurrentDownloadUrl")
		name := msiName(address)
		if name == "" {
			name = product
		}
		for _, f := range [...]struct{ field, fact string }{{"Status", "msi.status"}, {"LastError", "msi.last-error"}} {
			text, _ := e.Fields.Get(f.field)
			n, err := strconv.ParseInt(text, 0, 64)
			if err != nil {
				continue
			}
			if f.field == "LastError" {
				n = hresult(n)
			}
			fact := event.Number(f.fact, name, n, e.Pos)
			fact.Value = product
			b.add(fact)
		}
	}
}

// reportedPackage reports whether a record of MDMDiagReport.xml is of a package
// that MDM delivers.
func reportedPackage(e *event.Event) bool {
	if e.Source != event.MDMReport {
		return false
	}
	_, product := e.Fields.Get("ProductCode")
	_, status := e.Fields.Get("Status")
	_, address := e.Fields.Get("CurrentDownloadUrl")
	return product && status && address
}

// packageName is the file name of a product that MDM delivers, or the product
// code where no address is known.
func (b *builder) packageName(product string) string {
	if b.reg.packages == nil {
		b.reg.packages = b.reg.packageNames()
	}
	if name, ok := b.reg.packages[strings.ToLower(product)]; ok {
		return name
	}
	return product
}

// packageNames maps product codes to file names. Of several addresses the
// current one counts.
func (r *registry) packageNames() map[string]string {
	names := map[string]string{}
	for _, from := range []string{"DownloadUrlList", "CurrentDownloadUrl"} {
		for i := range r.values[areaMSI] {
			v := &r.values[areaMSI][i]
			if !v.at("*", "MSI", "*") || !v.is(from) {
				continue
			}
			first, _, _ := strings.Cut(v.fact.Text, "\n")
			if name := msiName(first); name != "" {
				names[strings.ToLower(v.path[2])] = name
			}
		}
	}
	return names
}

// msiName finds the file name in an address: the last path element, or a query
// value, that ends in ".msi".
func msiName(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	names := []string{path.Base(u.Path)}
	for _, part := range strings.Split(u.RawQuery, "&") {
		_, value, _ := strings.Cut(part, "=")
		names = append(names, value)
	}
	for _, n := range names {
		if _, ok := cutSuffixFold(n, ".msi"); ok {
			return n
		}
	}
	return ""
}

// win32Facts reads the results of the Intune agent, below
// Win32Apps\<user>\<app>_<revision>.
func (b *builder) win32Facts() {
	values := b.reg.values[areaWin32Apps]
	for i := range values {
		v := &values[i]
		if rest, ok := v.below("*"); !ok || len(rest) == 0 || len(v.path[1]) < event.GUIDLen {
			continue
		}
		app := strings.ToLower(v.path[1][:event.GUIDLen])
		switch {
		case v.is("ExitCode"):
			if n, ok := v.number(); ok {
				b.add(event.Number("win32app.exit-code", app, n, v.fact.Pos))
			}
		case v.is("EnforcementStateMessage"):
			var doc struct {
				State *int64 `json:"EnforcementState"`
			}
			if json.Unmarshal([]byte(v.fact.Text), &doc) == nil && doc.State != nil {
				b.add(event.Number("win32app.state", app, *doc.State, v.fact.Pos))
			}
		}
	}
}
