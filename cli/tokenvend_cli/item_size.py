"""How large an item is, as DynamoDB counts."""

from tokenvend.adapters.dynamodb.registry_items import RegistryItem

#: The most that DynamoDB counts for a number.
_NUMBER_BYTES = 21


def item_bytes(item: RegistryItem) -> int:
    """The size of *item* as DynamoDB counts it: the bytes of its attributes' names and values."""
    return sum(
        len(name.encode()) + (_NUMBER_BYTES if kind == "N" else len(value.encode()))
        for name, attribute in item.to_item().items()
        for kind, value in attribute.items()
    )
