"""Make moto answer the same request in the same way twice, so that a journal of requests can bring its state
back.

moto draws every identifier from one random generator; a request is served with a seed, and the same seed
serves it in a replay. What draws from elsewhere, or at a moment that differs between the two, is mended here.
"""

import hashlib
import random
from typing import Any

import moto.core.responses
import moto.kms.models
import moto.kms.utils
import moto.utilities.aws_headers
from moto.core.base_backend import AccountSpecificBackend
from moto.moto_api._internal import mock_random

from sandbox.aws import clock
from sandbox.aws.patching import replace


def install() -> None:
    """Patch moto, once in a process."""
    _seed_new_backends()
    _draw_request_ids_elsewhere()
    replace(moto.kms.utils, "generate_master_key", _master_key)
    replace(moto.kms.models, "generate_master_key", _master_key)


def _seed_new_backends() -> None:
    """An account's backend of a service is made when first touched, by whichever request that is, reads
    included.
    """
    original = AccountSpecificBackend.__getitem__

    def __getitem__(self: Any, region: str) -> Any:
        name = "aws" if region == "global" else region
        if name in self.keys():
            return original(self, name)
        before = mock_random.getstate()
        mock_random.seed(f"{self.service_name} {self.account_id} {name}")
        try:
            with clock.at(0.0):  # what AWS made with the account is older than anything in it
                return original(self, name)
        finally:
            mock_random.setstate(before)

    replace(AccountSpecificBackend, "__getitem__", __getitem__)


def _draw_request_ids_elsewhere() -> None:
    """A request id is no state: drawing it from the seeded generator would hide whether a read made
    something.
    """
    generator = random.SystemRandom()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

    def gen_amzn_requestid_long(headerdict: dict[str, Any] | None = None) -> str:
        request_id = "".join(generator.choices(alphabet, k=52))
        if headerdict is not None:
            headerdict["x-amzn-requestid"] = request_id
        return request_id

    replace(moto.utilities.aws_headers, "gen_amzn_requestid_long", gen_amzn_requestid_long)
    replace(moto.core.responses, "gen_amzn_requestid_long", gen_amzn_requestid_long)


def _master_key() -> bytes:
    """Key material of a KMS key: what was encrypted before a restart must be decrypted after it."""
    return hashlib.sha256(mock_random.getrandbits(256).to_bytes(32, "big")).digest()
