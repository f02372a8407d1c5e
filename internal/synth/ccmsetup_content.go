package synth

import (
	"strings"
	"time"
)

// setupFiles are the files of the client package, prerequisites first.
var setupFiles = []string{
	"vcredist_x86.exe", "vcredist_x64.exe", "MicrosoftPolicyPlatformSetup.msi",
	"WindowsFirewallConfigurationProvider.msi", "SCEPInstall.exe", "client.msi",
}

const contentBytes = 181403648 // of the client package

// folder of a file inside the client package.
func packagePath(file string) string {
	switch {
	case file == "vcredist_x86.exe":
		return "i386/" + file
	case file == "SCEPInstall.exe":
		return file
	}
	return "x64/" + file
}

// manifest downloads ccmsetup.cab and lists what is missing.
func (d *device) manifest(w *writer) {
	const size = 1912336
	w.info("Downloading file ccmsetup.cab")
	w.info("Downloading %s to C:\\Windows\\ccmsetup\\ccmsetup.cab", d.contentURL("ccmsetup.cab"))
	for got := 262144; got < size; got += 262144 {
		w.wait(200*time.Millisecond).verbose("File download %d%% complete (%d of %d bytes).", got*100/size, got, size)
	}
	w.verbose("File download 100%% complete (%d of %d bytes).", size, size)
	w.info("Download complete.")
	w.verbose(`Verified file 'C:\Windows\ccmsetup\ccmsetup.cab' is MS signed.`)
	w.info(`Successfully loaded manifest file: C:\Windows\ccmsetup\ccmsetup.xml`)
	for _, f := range setupFiles {
		w.verbose("Item '%s' is applicable. Add to the list.", packagePath(f))
	}
	for _, f := range setupFiles {
		w.warn(`File 'C:\Windows\ccmsetup\%s' doesn't exist.`, f)
	}
	w.info("Using branch cache option.")
	for _, f := range setupFiles {
		w.info("Adding file '%s' to BITS job, saving as 'C:\\Windows\\ccmsetup\\%s'.", d.contentURL(packagePath(f)), f)
	}
	w.info("Starting BITS download for client deployment files.")
}

// progress notes the download from one share to another, in hundredths.
func (d *device) progress(w *writer, from, to int, each time.Duration) {
	for p := from; p <= to; p++ {
		w.wait(each)
		w.verbose("Download Update: %d%% complete. %d out of %d bytes transferred", p, int64(contentBytes)*int64(p)/100, contentBytes)
	}
}

// content downloads the client package.
func (d *device) content(w *writer, broken int) {
	d.manifest(w)
	from := 0
	for range broken {
		d.progress(w, from, from+18, 900*time.Millisecond)
		from += 19
		w.fail("Failed to download files through BITS. Error: 0x80072efe, Description The connection with the server was terminated abnormally\n, Context: The error occurred while the remote file was being processed.\n.")
		w.warn("Failed to download client files by BITS. Error 0x80072efe")
		w.info("Next retry in 10 minute(s)...")
		w.at = w.at.Add(10 * time.Minute)
		w.info("Starting BITS download for client deployment files.")
	}
	d.progress(w, from, 100, 1100*time.Millisecond)
	w.info("Successfully completed BITS download for client deployment files.")
	w.info("Successfully downloaded client files via BITS.")
	for _, f := range setupFiles {
		w.verbose(`Validated file 'C:\Windows\ccmsetup\%s' hash '%s'`, f, strings.ToUpper(d.r.text(64, hexDigits)))
	}
}

// contentSlow crawls on beyond the end of the page's patience.
func (d *device) contentSlow(w *writer) {
	d.manifest(w)
	left := d.deadline.Sub(w.at)
	d.progress(w, 0, 62, left/54)
}

// contentMissing meets a gateway that does not hold the package.
func (d *device) contentMissing(w *writer) {
	d.manifest(w)
	w.wait(3 * time.Second)
	w.fail("Failed to download files through BITS. Error: 0x80190194, Description HTTP status 404: The requested URL does not exist on the server.\n, Context: The error occurred while the remote file was being processed.\n.")
	w.fail("Failed to download client files by BITS. Error 0x80190194")
	d.setupFails(w, 0x80190194)
}

func (d *device) prerequisiteFails(w *writer) {
	w.info(`Installing file 'C:\Windows\ccmsetup\vcredist_x86.exe' with options '/q /norestart'.`)
	w.wait(5 * time.Second).info(`File 'C:\Windows\ccmsetup\vcredist_x86.exe' installation succeeded.`)
	w.info(`Installing file 'C:\Windows\ccmsetup\vcredist_x64.exe' with options '/q /norestart'.`)
	w.wait(9 * time.Second).fail(`File 'C:\Windows\ccmsetup\vcredist_x64.exe' returned failure exit code 1612. Fail the installation.`)
	w.fail("InstallFromManifest failed 0x8007064c")
	d.setupFails(w, 0x8007064c)
}

// clientMSI installs the client itself, with its own log beside.
func (d *device) clientMSI(w *writer, fails bool) {
	w.info("Installing version %s of the client with product code %s", d.id.clientVersion, d.id.ccmProduct)
	w.info("Running installation package")
	w.info(`  Package:     C:\Windows\ccmsetup\%s\client.msi`, d.id.ccmProduct)
	w.info(`  Log:         C:\Windows\ccmsetup\Logs\client.msi.log`)
	w.info(`  Properties:  INSTALL="ALL" %s`, d.commandLine)
	m := newMSILog(d, w.at)
	for _, a := range msiActions {
		w.wait(6 * time.Second)
		w.verbose("MSI: Action %s: %s. ", d.local(w.at).Format("15:04:05"), a)
		if fails && a == msiFailingAction {
			m.failAction(a, w.at)
			w.wait(4 * time.Second)
			w.verbose("MSI: Action %s: Rollback. Rolling back action:", d.local(w.at).Format("15:04:05"))
			w.wait(5 * time.Second)
			m.stop(w.at, 1603)
			w.fail(`File C:\Windows\ccmsetup\%s\client.msi installation failed. Error text: ExitCode: 1603`, d.id.ccmProduct)
			w.fail("Installation failed with error code 1603")
			d.setupFails(w, 0x80070643)
			return
		}
		m.action(a, w.at)
	}
	w.wait(8 * time.Second)
	m.stop(w.at, 0)
	w.info("Installation succeeded.")
	w.verbose(`Deleted file C:\Windows\ccmsetup\ccmsetup.cab.download`)
	w.verbose("Task 'Configuration Manager Client Retry Task' does not exist")
	w.info("CcmSetup is exiting with return code 0")
	d.now = w.at.Add(2 * time.Second)
}
