package checkup

import "syscall"

// remote are the file systems that are on another machine, by their magic numbers.
// https://man7.org/linux/man-pages/man2/statfs.2.html
var remote = map[uint32]string{
	0x6969: "NFS", 0x517B: "SMB", 0xFF534D42: "CIFS", 0xFE534D42: "SMB2", 0x00C36400: "Ceph", 0x5346414F: "AFS",
	0x01021997: "9P", 0x0BD00BD0: "Lustre", 0x65735546: "FUSE",
}

// diskOf asks for the disk that holds a path.
func diskOf(path string) (disk, error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(path, &fs); err != nil {
		return disk{}, err
	}
	var file syscall.Stat_t
	if err := syscall.Stat(path, &file); err != nil {
		return disk{}, err
	}
	size := int64(fs.Bsize)
	return disk{free: int64(fs.Bavail) * size, total: int64(fs.Blocks) * size, device: uint64(file.Dev), remote: remote[uint32(fs.Type)]}, nil
}
