"""What the demo shop's page offers. Invented prices in fen; the shop with a catalogue of its own comes later."""

from typing import NamedTuple

SHOP_ID = "m1"


class Offer(NamedTuple):
    """A product as a card: `picture` names the drawing in `demo-shop.css`."""

    picture: str
    name: str
    text: str
    size: str
    price_fen: int
    badge: str

    @property
    def price(self) -> str:
        """`¥129.00`."""
        return f"¥{self.price_fen // 100}.{self.price_fen % 100:02d}"


PRODUCTS = (
    Offer("rice", "稻花香2号 当季新米", "五常民乐乡 · 下单后现磨 · 可选真空包装", "5 kg", 12900, "当天现磨"),
    Offer("duck", "有机鸭稻米", "稻田养鸭，不用除草剂", "5 kg", 23800, "有机"),
    Offer("germ", "胚芽米（低温现磨）", "三分、五分、七分，留住胚芽", "5 kg", 18800, ""),
    Offer("gift", "定制礼盒 2.5kg × 2", "可刻字 12 字以内，附手写卡片", "5 kg", 26800, "可刻字"),
    Offer("field", "一亩田认养（年）", "您的名字立在田头，每月收一箱新米", "1 亩", 398000, "限 20 块"),
    Offer("fungus", "东北黑木耳（干）", "长白山脚下，肉厚无根", "250 g", 5900, ""),
)
