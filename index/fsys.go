package index

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// disk is what the writer does to the file system. It stands as an interface
// so that tests can let the power fail at any moment.
type disk interface {
	// open opens a file for reading and writing, and makes it where it is not.
	open(path string) (diskFile, error)
	rename(from, to string) error
	remove(path string) error
	// syncDir makes the names in a folder survive a power cut.
	syncDir(path string) error
	mkdir(path string) error
}

type diskFile interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Sync() error
	Close() error
	Size() (int64, error)
}

// realDisk is the operating system's.
type realDisk struct{}

type realFile struct{ *os.File }

func (f realFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (realDisk) open(path string) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	return realFile{f}, nil
}

func (realDisk) rename(from, to string) error { return os.Rename(from, to) }
func (realDisk) remove(path string) error     { return os.RemoveAll(path) }
func (realDisk) mkdir(path string) error      { return os.MkdirAll(path, 0o700) }

// syncDir does nothing on Windows, where folders are not opened that way and
// the journal of NTFS keeps names.
func (realDisk) syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, errors.ErrUnsupported) {
		err = nil
	}
	return errors.Join(err, d.Close())
}

// replaceFile puts data under path, whole or not at all.
func replaceFile(d disk, path string, data []byte) error {
	tmp := path + ".tmp"
	f, err := d.open(tmp)
	if err != nil {
		return err
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.rename(tmp, path)
	}
	if err == nil {
		err = d.syncDir(filepath.Dir(path))
	}
	return err
}
