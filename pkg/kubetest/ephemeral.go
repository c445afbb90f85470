package kubetest

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// Ephemeral decides what becomes of ephemeral containers that are added to pods:
// f gets the container and returns its state, as a kubelet would report it. Without
// it, and where f returns the zero value, they run at once. To change a state
// later, Put the pod.
func (s *Server) Ephemeral(f func(corev1.EphemeralContainer) corev1.ContainerState) {
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	s.store.ephemeral = f
}

// updateEphemeral is PUT of the subresource ephemeralcontainers. Of the pod that is
// sent, only the ephemeral containers count, as with a real server.
func (s *Server) updateEphemeral(w http.ResponseWriter, r *http.Request) {
	namespace, name := r.PathValue("namespace"), r.PathValue("name")
	if !s.allow(w, "update", schema.GroupResource{Resource: "pods/ephemeralcontainers"}, namespace, name) {
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	var sent corev1.Pod
	if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &sent); err != nil {
		writeStatus(w, http.StatusBadRequest, metav1.StatusReasonBadRequest, err.Error())
		return
	}
	pod, refusal := s.store.addEphemeral(namespace, name, &sent)
	if refusal != nil {
		writeStatus(w, refusal.code, refusal.reason, refusal.message)
		return
	}
	writeJSON(w, http.StatusOK, pod)
}

type refusal struct {
	code    int
	reason  metav1.StatusReason
	message string
}

func (st *store) addEphemeral(namespace, name string, sent *corev1.Pod) (*corev1.Pod, *refusal) {
	pod, ok := st.pod(namespace, name)
	if !ok {
		return nil, &refusal{http.StatusNotFound, metav1.StatusReasonNotFound, fmt.Sprintf("pods %q not found", name)}
	}
	stale := &refusal{http.StatusConflict, metav1.StatusReasonConflict, fmt.Sprintf("Operation cannot be fulfilled on pods %q: "+
		"the object has been modified; please apply your changes to the latest version and try again", name)}
	if sent.ResourceVersion != "" && sent.ResourceVersion != pod.ResourceVersion || sent.UID != "" && sent.UID != pod.UID {
		return nil, stale
	}
	if why := invalidEphemeral(pod, sent.Spec.EphemeralContainers); why != "" {
		return nil, &refusal{http.StatusUnprocessableEntity, metav1.StatusReasonInvalid, fmt.Sprintf("Pod %q is invalid: %s", name, why)}
	}
	added := sent.Spec.EphemeralContainers[len(pod.Spec.EphemeralContainers):]
	before := pod.ResourceVersion
	pod.Spec.EphemeralContainers = sent.Spec.EphemeralContainers
	for _, c := range added {
		pod.Status.EphemeralContainerStatuses = append(pod.Status.EphemeralContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, State: st.ephemeralState(c),
		})
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		return nil, &refusal{http.StatusInternalServerError, metav1.StatusReasonInternalError, err.Error()}
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	u, ok := st.objects[objectKey{corev1.SchemeGroupVersion.WithResource("pods"), namespace, name}]
	if !ok || u.GetResourceVersion() != before {
		return nil, stale
	}
	st.revision++
	pod.ResourceVersion = strconv.Itoa(st.revision)
	u = u.DeepCopy()
	u.Object["spec"], u.Object["status"] = content["spec"], content["status"]
	u.SetResourceVersion(pod.ResourceVersion)
	st.objects[objectKey{corev1.SchemeGroupVersion.WithResource("pods"), namespace, name}] = u
	return pod, nil
}

func (st *store) ephemeralState(c corev1.EphemeralContainer) corev1.ContainerState {
	st.mu.RLock()
	decide := st.ephemeral
	st.mu.RUnlock()
	var state corev1.ContainerState
	if decide != nil {
		state = decide(c)
	}
	if state == (corev1.ContainerState{}) {
		state.Running = &corev1.ContainerStateRunning{StartedAt: metav1.Now()}
	}
	return state
}

// invalidEphemeral says what a real server has against a list of ephemeral
// containers, "" if nothing: they can be added, not changed and not removed.
func invalidEphemeral(pod *corev1.Pod, sent []corev1.EphemeralContainer) string {
	old := pod.Spec.EphemeralContainers
	if len(sent) < len(old) || !equality.Semantic.DeepEqual(sent[:len(old)], old) {
		return "spec.ephemeralContainers: Forbidden: existing ephemeral containers may not be changed or removed"
	}
	var names []string
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		names = append(names, c.Name)
	}
	targets := names
	for i, c := range sent {
		item := fmt.Sprintf("spec.ephemeralContainers[%d]", i)
		field := item + "."
		switch {
		case c.Name == "":
			return field + "name: Required value"
		case slices.Contains(names, c.Name):
			return fmt.Sprintf("%sname: Duplicate value: %q", field, c.Name)
		case c.Image == "":
			return field + "image: Required value"
		case c.TargetContainerName != "" && !slices.Contains(targets, c.TargetContainerName):
			return fmt.Sprintf("%stargetContainerName: Not found: %q", field, c.TargetContainerName)
		case c.Ports != nil || c.LivenessProbe != nil || len(c.Resources.Limits)+len(c.Resources.Requests) > 0:
			return item + ": Forbidden: cannot be set for an Ephemeral Container"
		}
		names = append(names, c.Name)
	}
	return ""
}
