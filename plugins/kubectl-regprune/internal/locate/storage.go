package locate

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StorageKind is where the blobs are.
type StorageKind string

// The kinds of storage. None is the container's own file system or the server's memory.
const (
	PVCRWO         StorageKind = "pvc-rwo" // one node at a time
	PVCRWX         StorageKind = "pvc-rwx"
	PVC            StorageKind = "pvc" // of unknown access modes
	HostPath       StorageKind = "hostPath"
	NFS            StorageKind = "nfs"
	EmptyDir       StorageKind = "emptyDir"
	NoStorage      StorageKind = "none"
	S3             StorageKind = "s3"
	GCS            StorageKind = "gcs"
	Azure          StorageKind = "azure"
	UnknownStorage StorageKind = "unknown"
)

// Storage is where a registry keeps its content.
type Storage struct {
	Kind  StorageKind
	Claim string // of a pvc: the claim; of a stateful set: that of its first pod
	// RestartLosesData is certain where it is true. It is false for unknown storage,
	// too: look at Kind first.
	RestartLosesData bool
	Evidence         string
}

// Files says whether the content is files of the container.
func (s Storage) Files() bool {
	switch s.Kind {
	case S3, GCS, Azure, UnknownStorage:
		return false
	}
	return true
}

// storageOf decides by the driver, and for files by the volume below which they are.
func storageOf(spec *corev1.PodSpec, container string, set Settings) Storage {
	switch set.Driver {
	case "s3", "s3aws":
		return Storage{Kind: S3, Evidence: "the storage driver is " + set.Driver}
	case "gcs":
		return Storage{Kind: GCS, Evidence: "the storage driver is gcs"}
	case "azure":
		return Storage{Kind: Azure, Evidence: "the storage driver is azure"}
	case "inmemory":
		return Storage{Kind: NoStorage, RestartLosesData: true, Evidence: "the storage driver is inmemory"}
	case "filesystem":
		return volumeOf(spec, container, set.RootDirectory)
	case "":
		s := volumeOf(spec, container, set.RootDirectory)
		if s.Kind == NoStorage { // nobody knows that it keeps its files there
			return Storage{Kind: UnknownStorage, Evidence: "the storage driver is not known, and no volume is mounted at " + set.RootDirectory}
		}
		s.Evidence += ", if the storage driver is filesystem"
		return s
	}
	return Storage{Kind: UnknownStorage, Evidence: fmt.Sprintf("the storage driver is %q", set.Driver)}
}

// volumeOf finds the volume that holds directory.
func volumeOf(spec *corev1.PodSpec, container, directory string) Storage {
	if directory == notRead {
		return Storage{Kind: UnknownStorage, Evidence: "the root directory is not known"}
	}
	i := slices.IndexFunc(spec.Containers, func(c corev1.Container) bool { return c.Name == container })
	if i < 0 {
		return Storage{Kind: UnknownStorage, Evidence: "the container is not known"}
	}
	var mount *corev1.VolumeMount
	for j := range spec.Containers[i].VolumeMounts {
		m := &spec.Containers[i].VolumeMounts[j]
		if holds(m.MountPath, directory) && (mount == nil || len(m.MountPath) > len(mount.MountPath)) {
			mount = m
		}
	}
	if mount == nil {
		return Storage{Kind: NoStorage, RestartLosesData: true, Evidence: "no volume is mounted at " + directory}
	}
	at := fmt.Sprintf("volume %q at %s", mount.Name, mount.MountPath)
	for j := range spec.Volumes {
		if spec.Volumes[j].Name == mount.Name {
			s := volume(&spec.Volumes[j])
			s.Evidence = at + " is " + s.Evidence
			return s
		}
	}
	// A stateful set's own claims are no volumes of its template.
	return Storage{Kind: PVC, Claim: mount.Name, Evidence: at + " is a claim of the stateful set"}
}

func holds(mount, directory string) bool {
	mount, directory = strings.TrimSuffix(path.Clean(mount), "/"), path.Clean(directory)
	return directory == mount || strings.HasPrefix(directory, mount+"/")
}

func volume(v *corev1.Volume) Storage {
	switch {
	case v.PersistentVolumeClaim != nil:
		return Storage{Kind: PVC, Claim: v.PersistentVolumeClaim.ClaimName, Evidence: fmt.Sprintf("the claim %q", v.PersistentVolumeClaim.ClaimName)}
	case v.HostPath != nil:
		return Storage{Kind: HostPath, Evidence: fmt.Sprintf("the node's directory %q", v.HostPath.Path)}
	case v.NFS != nil:
		return Storage{Kind: NFS, Evidence: fmt.Sprintf("NFS at %s:%s", v.NFS.Server, v.NFS.Path)}
	case v.EmptyDir != nil:
		return Storage{Kind: EmptyDir, RestartLosesData: true, Evidence: "an emptyDir, which goes with its pod"}
	case v.Ephemeral != nil:
		return Storage{Kind: EmptyDir, RestartLosesData: true, Evidence: "an ephemeral claim, which goes with its pod"}
	}
	return Storage{Kind: UnknownStorage, Evidence: "of a type that is not known here"}
}

// storage is where w keeps its content, with the access modes of its claim.
func (s *search) storage(ctx context.Context, w *workload, c *corev1.Container, set Settings) (Storage, string) {
	st := storageOf(&w.spec, c.Name, set)
	if st.Kind != PVC {
		return st, ""
	}
	for i := range w.claims {
		if w.claims[i].Name == st.Claim {
			st.Claim = fmt.Sprintf("%s-%s-0", st.Claim, w.ref.Name)
			st.modes(w.claims[i].Spec.AccessModes)
			return st, ""
		}
	}
	claim, err := s.client.CoreV1().PersistentVolumeClaims(w.namespace).Get(ctx, st.Claim, metav1.GetOptions{})
	if err != nil {
		return st, fmt.Sprintf("claim %s (%s)", st.Claim, why(err))
	}
	st.modes(claim.Spec.AccessModes)
	return st, ""
}

func (s *Storage) modes(modes []corev1.PersistentVolumeAccessMode) {
	switch {
	case slices.Contains(modes, corev1.ReadWriteMany):
		s.Kind = PVCRWX
	case len(modes) > 0:
		s.Kind = PVCRWO
	}
	if len(modes) > 0 {
		s.Evidence += fmt.Sprintf(" (%s)", modes[0])
	}
}
