"""asyncpg: one COPY into another, in binary; a day is deleted and copied again in one transaction."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
from asked import CREATE, DELETE, ROWS, SCHEMA, SOURCE, TABLE, WAREHOUSE, WHOLE


async def main() -> None:
    """Read into a short queue, and write from it."""
    source, warehouse = await asyncpg.connect(SOURCE), await asyncpg.connect(WAREHOUSE)
    waiting: asyncio.Queue[bytes] = asyncio.Queue(maxsize=64)

    async def rows() -> AsyncIterator[bytes]:
        while block := await waiting.get():
            yield block

    async def read() -> None:
        await source.copy_from_query(ROWS, output=waiting.put, format="binary")
        await waiting.put(b"")

    async with warehouse.transaction():
        await warehouse.execute(CREATE if WHOLE else DELETE)
        await asyncio.gather(
            read(), warehouse.copy_to_table(TABLE, schema_name=SCHEMA, source=rows(), format="binary")
        )
    await source.close()
    await warehouse.close()


asyncio.run(main())
