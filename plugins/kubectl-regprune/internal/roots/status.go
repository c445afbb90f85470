package roots

// podStatus takes what a pod's status says of images: what a runtime was asked for,
// and what it really runs, which a tag that has moved does not tell.
func podStatus(pod map[string]any, w *walker) {
	status, ok := pod["status"].(map[string]any)
	if !ok {
		return
	}
	w.in("status", func() {
		for _, list := range []string{"initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses"} {
			containers, _ := status[list].([]any)
			for i, c := range containers {
				if c, ok := c.(map[string]any); ok {
					w.in("."+list+element(i, c), func() { containerStatus(c, w) })
				}
			}
		}
	})
}

func containerStatus(c map[string]any, w *walker) {
	for _, key := range []string{"image", "imageID"} {
		w.reported(key, c[key])
	}
	mounts, _ := c["volumeMounts"].([]any)
	for i, m := range mounts {
		m, _ := m.(map[string]any)
		volume, _ := m["volumeStatus"].(map[string]any)
		if image, ok := volume["image"].(map[string]any); ok {
			w.in(".volumeMounts"+element(i, m)+".volumeStatus.image", func() { w.reported("imageRef", image["imageRef"]) })
		}
	}
}

// reported takes an image that a status has.
func (w *walker) reported(key string, v any) {
	if image, ok := v.(string); ok && image != "" {
		w.in("."+key, func() { w.add(image, true, w.here(InUse)) })
	}
}

// nodeImages takes what a node has cached.
func nodeImages(node map[string]any, w *walker) {
	status, _ := node["status"].(map[string]any)
	images, _ := status["images"].([]any)
	w.in("status.images", func() {
		for _, i := range images {
			i, _ := i.(map[string]any)
			names, _ := i["names"].([]any)
			for _, n := range names {
				if n, ok := n.(string); ok {
					w.add(n, true, w.here(Mentioned))
				}
			}
		}
	})
}
