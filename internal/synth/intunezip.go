package synth

import (
	"fmt"
	"strings"
)

// item is one thing that Intune's "Collect diagnostics" gathers.
type item struct {
	kind string // RegistryKey, Command, Events, FoldersFiles
	what string // what was asked for, as the archive names it
	// files are what it gave, with the names of the numbered layout; none
	// means that it failed with the code.
	files []File
	code  uint32
}

// intuneZip is the archive of the remote action. In the flat layout the names
// speak for themselves; in the numbered one only results.xml tells what a
// folder holds.
func (d *device) intuneZip(numbered bool) ([]File, error) {
	items, err := d.intuneItems()
	if err != nil {
		return nil, err
	}
	var files []File
	for i, it := range items {
		n := i + 1
		prefix := fmt.Sprintf("(%d) %s %s", n, it.kind, it.what)
		if it.code != 0 {
			if !numbered {
				files = append(files, File{Name: fmt.Sprintf("(%d) No Results - Error [0x%x]", n, it.code), Time: d.collected})
			}
			continue
		}
		for _, f := range it.files {
			switch {
			case numbered:
				f.Name = fmt.Sprintf("%d/%s", n, f.Name)
			case len(it.files) > 1 || strings.HasSuffix(f.Name, ".cab"):
				f.Name = prefix + "/" + f.Name
			default:
				f.Name = prefix + " " + f.Name
			}
			files = append(files, f)
		}
	}
	files = append(files, File{Name: "results.xml", Data: d.results(items), Time: d.collected})
	name := fmt.Sprintf("DiagLogs-%s-%sZ.zip", d.id.host, d.collected.Format("20060102T150405"))
	return d.archive(name, files)
}

func (d *device) intuneItems() ([]item, error) {
	inside, err := d.diagnostics()
	if err != nil {
		return nil, err
	}
	var agent, rest []File
	for _, f := range inside {
		if f.Name == agentLog { // stands on its own here, not in the cabinet
			agent = append(agent, f)
		} else {
			rest = append(rest, f)
		}
	}
	cabinet, err := d.cabinet(rest)
	if err != nil {
		return nil, err
	}
	cabinet.Name = "mdmlogs-" + d.collected.Format("20060102150405") + ".cab"
	var ccm, setup []File
	for _, f := range d.beside() {
		base := f.Name[strings.LastIndex(f.Name, "/")+1:]
		switch {
		case strings.HasPrefix(f.Name, "ccmsetup/"):
			setup = append(setup, File{Name: base, Data: f.Data, Time: f.Time})
		case strings.Count(f.Name, "/") == 2: // the pattern *.log does not reach into SMSTS
			ccm = append(ccm, File{Name: base, Data: f.Data, Time: f.Time})
		}
	}
	reg := d.registry()
	out := []item{
		{kind: "RegistryKey", what: "HKLM_Software_Microsoft_IntuneManagementExtension", files: d.exported(reg, regAgent)},
		{kind: "RegistryKey", what: "HKLM_Software_Microsoft_EnterpriseDesktopAppManagement", files: d.exported(reg, regEDAM)},
		{kind: "RegistryKey", what: "HKLM_Software_Policies", files: d.exported(reg, regPolicies+`\current`)},
		d.command("%windir%_system32_Dsregcmd.exe_status", d.dsregcmd()),
		d.command("%windir%_system32_ipconfig.exe_all", "\r\nWindows IP Configuration\r\n\r\n   Host Name . . . . . . . . . . . . : "+d.id.host+"\r\n"),
		d.command("%windir%_system32_netsh.exe_winhttp_show_proxy", "\r\nCurrent WinHTTP proxy settings:\r\n\r\n    Direct access (no proxy server).\r\n\r\n"),
	}
	for _, ch := range []channel{chShellCore, chMDMAdmin} {
		data, err := d.exportChannel(ch)
		if err != nil {
			return nil, err
		}
		out = append(out, item{kind: "Events", what: strings.ReplaceAll(string(ch), "/", "_"), files: []File{{Name: "Events.evtx", Data: data, Time: d.collected}}})
	}
	out = append(out,
		item{kind: "FoldersFiles", what: "ProgramData_Microsoft_IntuneManagementExtension_Logs", files: agent},
		item{kind: "FoldersFiles", what: "temp_MDMDiagnostics_mdmlogs-_cab", files: []File{cabinet}},
		item{kind: "FoldersFiles", what: "windir_ccm_logs_log", files: ccm},
		item{kind: "FoldersFiles", what: "windir_ccmsetup_logs_log", files: setup},
	)
	for i := range out {
		if len(out[i].files) == 0 {
			out[i].code = 0x80070002
		}
	}
	return out, nil
}

func (d *device) command(what, output string) item {
	return item{kind: "Command", what: what, files: []File{{Name: "output.log", Data: []byte(output), Time: d.collected}}}
}

// exported is the part of the registry beneath a key as a regedit file.
func (d *device) exported(all *registry, root string) []File {
	var part registry
	for _, k := range all.keys {
		if strings.HasPrefix(k.path, root) {
			k.path = strings.Replace(k.path, `software\microsoft\`, `SOFTWARE\Microsoft\`, 1)
			part.keys = append(part.keys, k)
		}
	}
	if len(part.keys) == 0 {
		return nil
	}
	return []File{{Name: "export.reg", Data: part.export(), Time: d.collected}}
}

func (d *device) dsregcmd() string {
	yes := map[bool]string{true: "YES", false: "NO"}
	joined := d.profile != UserDrivenHybrid
	line := "+----------------------------------------------------------------------+"
	rows := []string{
		"", line, "| Device State                                                         |", line, "",
		"             AzureAdJoined : " + yes[joined], "          EnterpriseJoined : NO", "              DomainJoined : " + yes[!joined],
		"               Device Name : " + d.id.host, "", line, "| Tenant Details                                                       |", line, "",
		"                TenantName : " + d.id.company, "                  TenantId : " + d.id.tenant, "",
	}
	return strings.Join(rows, "\r\n") + "\r\n"
}

// results lists what was asked for, in order, with the result of each.
func (d *device) results(items []item) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<Collection>\r\n  <ID>%s</ID>\r\n", stream(d.s.Seed, "results").guid())
	for _, it := range items {
		what := strings.ReplaceAll(it.what, "&", "&amp;")
		fmt.Fprintf(&b, "  <%s HRESULT=\"%d\">%s</%s>\r\n", it.kind, int32(it.code), what, it.kind)
	}
	b.WriteString("</Collection>\r\n")
	return []byte(b.String())
}
