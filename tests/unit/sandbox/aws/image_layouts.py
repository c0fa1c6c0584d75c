"""What public registries have, as far as a test gives it to them."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.unit.sandbox.aws.docker import MANIFEST

INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass
class ImageLayout:
    """An upstream repository: https://github.com/opencontainers/image-spec/blob/main/image-layout.md"""

    folder: Path

    def put(self, tag: str, *layers: bytes) -> str:
        """Have the tag name an image of one layer, or an index of an image for each of several layers.

        Returns the digest that it names.
        """
        images = [self._image(layer) for layer in layers]
        if len(images) > 1:
            named = self._blob(
                INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": images})
            )
        else:
            [named] = images
        index = self.folder / "index.json"
        others = json.loads(index.read_text())["manifests"] if index.exists() else []
        name = {"org.opencontainers.image.ref.name": tag}
        kept = [each for each in others if each["annotations"] != name]
        index.write_text(
            json.dumps({"schemaVersion": 2, "manifests": [*kept, {**named, "annotations": name}]})
        )
        return str(named["digest"])

    def _image(self, layer: bytes) -> dict[str, Any]:
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "layers": [self._blob("application/vnd.oci.image.layer.v1.tar", layer)],
            "config": self._blob("application/vnd.oci.image.config.v1+json", "{}"),
        }
        return self._blob(MANIFEST, json.dumps(document))

    def _blob(self, media_type: str, content: bytes | str) -> dict[str, Any]:
        content = content.encode() if isinstance(content, str) else content
        digest = hashlib.sha256(content).hexdigest()
        folder = self.folder / "blobs/sha256"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / digest).write_bytes(content)
        return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}
