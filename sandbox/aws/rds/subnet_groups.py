"""DB subnet groups: the emulator's, as far as what is in them and what is of them is known here.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html
"""

from sandbox.aws.calls import Call, Handler, Result
from sandbox.aws.errors import AWSError
from sandbox.aws.rds.records import CLUSTER, Records


class SubnetGroups:
    def __init__(self, records: Records) -> None:
        self._records = records

    def handlers(self) -> dict[str, Handler]:
        return {
            "CreateDBSubnetGroup": self.put,
            "ModifyDBSubnetGroup": self.put,
            "DeleteDBSubnetGroup": self.delete,
        }

    @staticmethod
    def put(call: Call) -> Result:
        try:
            return call.forward()
        except AWSError as error:
            if error.code == "InvalidSubnetID.NotFound":
                raise AWSError("InvalidSubnet", error.message) from None
            raise

    def delete(self, call: Call) -> Result:
        """A group stays while a database is in it.

        Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSubnetGroup.html
        """
        name = call.parameters["DBSubnetGroupName"].lower()
        for cluster in self._records.of_region(CLUSTER, call.account, call.region):
            if cluster.answer["DBSubnetGroup"].lower() == name:
                raise AWSError(
                    "InvalidDBSubnetGroupStateFault",
                    f"Cannot delete the subnet group '{name}' because at least one database is still using "
                    "it.",
                )
        return call.forward()
