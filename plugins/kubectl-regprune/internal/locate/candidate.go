package locate

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"

	"github.com/kubectl-suite/kubectl-suite/pkg/resolve"
)

// Answer is what is known about a question.
type Answer string

// Nobody may take Unknown for No.
const (
	Yes     Answer = "yes"
	No      Answer = "no"
	Unknown Answer = "unknown"
)

// Candidate is a workload that seems to be a registry, with what is known of it.
type Candidate struct {
	Namespace     string
	Service       string // "" if no service leads to it
	Port          int32  // of the service, or the container's without one
	ContainerPort int32
	Scheme        string      // http or https, a guess
	Workload      resolve.Ref // what to restart; a pod if nothing controls it
	Pods          []Pod       // in the order of their names
	Container     string
	Image         string
	Product       Product
	Version       string     // 2.8.3, or as much of it as the image's tag tells; ""
	Env           []Variable // those of the server, in the order of their names
	ConfigPath    string     // from the container's arguments; "": one of ConfigPaths
	Settings      Settings
	Storage       Storage
	Replicas      int32  // as specified
	Autoscaler    string // name of a HorizontalPodAutoscaler; "" if none is known
	Strategy      string // RollingUpdate, Recreate, OnDelete; "" if the kind has none
	Aliases       []string
	GCJobs        []GCJob
	Pinned        bool     // the specification says on which nodes its pods may run
	Evidence      []string // why it is a registry, in words
	Score         int
	Unread        []string // what could not be read about it, in words

	env    environment
	spec   *corev1.PodSpec
	claims map[string]Storage // what is known of the claims that specifications name
}

// ConfigPaths are where the images of distribution 2 and 3 have their configuration.
var ConfigPaths = []string{"/etc/docker/registry/config.yml", "/etc/distribution/config.yml"}

// Pod is a pod of a candidate.
type Pod struct {
	Name, UID string
	Node      string // "" while it is not scheduled
	Ready     bool
}

// Variable is a variable of the server's environment. Value is "" if it is secret or
// not known to be harmless, and then Source says what it is instead.
type Variable struct{ Name, Value, Source string }

// GCJob is a CronJob that collects garbage of a registry in the namespace.
type GCJob struct {
	Name, Schedule string
	Suspended      bool
	Why            string // how it was recognised
}

// Name is svc/NAMESPACE/NAME:PORT, or with the workload's type in place of svc where
// no service leads to it.
func (c *Candidate) Name() string {
	if c.Service != "" {
		return fmt.Sprintf("svc/%s/%s:%d", c.Namespace, c.Service, c.Port)
	}
	return fmt.Sprintf("%s/%s/%s:%d", c.Workload.Kind, c.Namespace, c.Workload.Name, c.Port)
}

// ServerName is the name that the server's certificate should be for.
func (c *Candidate) ServerName() string {
	if c.Service == "" {
		return c.Workload.Name
	}
	return c.Service + "." + c.Namespace + ".svc"
}

// Ready counts the pods that are ready.
func (c *Candidate) Ready() int {
	n := 0
	for _, p := range c.Pods {
		if p.Ready {
			n++
		}
	}
	return n
}

// Restarts says whether a change of the workload's specification can give it new pods:
// not so for bare pods and replication controllers, and not known for kinds that are not
// built in.
func (c *Candidate) Restarts() bool {
	switch c.Workload.Kind {
	case resolve.Deployment, resolve.StatefulSet, resolve.DaemonSet:
		return true
	}
	return false
}

// Refine takes the server's configuration file as read from its container, instead of
// what the API server told of it. It fails on text that is no YAML, and changes
// nothing then.
func (c *Candidate) Refine(config []byte) error {
	doc, err := parseConfig(config)
	if err != nil {
		return err
	}
	c.Settings = settings(doc, c.env)
	c.Settings.Source = "the file in the container"
	if c.spec == nil {
		return nil
	}
	c.Storage = storageOf(c.spec, c.Container, c.Settings)
	if known, ok := c.claims[c.Storage.Claim]; ok && c.Storage.Kind == PVC {
		c.Storage = known
	}
	return nil
}
